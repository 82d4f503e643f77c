# SPDX-License-Identifier: Apache-2.0
"""What every package may use: errors, clock, configuration, log. Standard library only."""
