# SPDX-License-Identifier: Apache-2.0
"""Noli inside other people's programs. Nothing of Noli imports these modules; each needs its own extra."""
