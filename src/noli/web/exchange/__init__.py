# SPDX-License-Identifier: Apache-2.0
"""What partners' software calls, in the protocols that it speaks already.

Each request carries a partner's key and is answered from the one stream of what that partner may see
(``exchange.outgoing``); shapes and quirks of a protocol stay in its module.
"""
