# SPDX-License-Identifier: Apache-2.0
"""Who may call what: API keys and their scopes."""
