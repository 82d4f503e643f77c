# SPDX-License-Identifier: Apache-2.0
"""The API that platforms call: one table of routes, from which routing and OpenAPI document are derived."""
