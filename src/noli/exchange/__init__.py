# SPDX-License-Identifier: Apache-2.0
"""Exchange with other organisations: partners, what leaves for them and what is taken from them, trust."""
