# SPDX-License-Identifier: Apache-2.0
"""Work that happens by itself: jobs, the leases under which processes share them, and who runs them."""
