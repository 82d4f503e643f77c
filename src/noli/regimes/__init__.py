# SPDX-License-Identifier: Apache-2.0
"""The law as data: which periods run from what, what a request must hold. Code names no country."""
