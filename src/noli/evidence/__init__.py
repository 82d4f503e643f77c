# SPDX-License-Identifier: Apache-2.0
"""What can be proven later: the append-only ledger, its chain and its root."""
