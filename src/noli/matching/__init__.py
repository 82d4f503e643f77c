# SPDX-License-Identifier: Apache-2.0
"""From a query hash to a decision: index of the banks, search, policy."""
