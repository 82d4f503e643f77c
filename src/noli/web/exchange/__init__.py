# SPDX-License-Identifier: Apache-2.0
"""What partners' software calls, each protocol in its own shape."""
