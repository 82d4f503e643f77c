# SPDX-License-Identifier: Apache-2.0
"""What was kept long enough goes: one sweep over everything that has a clock (``base.retention``)."""
