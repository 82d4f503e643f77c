# SPDX-License-Identifier: Apache-2.0
"""Pursuing the links of a case: who is responsible, what they are asked, by when, and whom to ask next."""
