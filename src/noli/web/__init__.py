# SPDX-License-Identifier: Apache-2.0
"""What people and programs reach over HTTP: the API, a landing page, health and metrics."""

from noli.web.server import serve

__all__ = ["serve"]
