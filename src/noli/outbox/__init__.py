# SPDX-License-Identifier: Apache-2.0
"""What other programs must be told: messages, the webhooks that want them, and their deliveries."""
