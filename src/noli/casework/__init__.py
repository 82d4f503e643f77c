# SPDX-License-Identifier: Apache-2.0
"""Cases: what a depicted person asked us to protect, what happened with it, and who may see it."""
