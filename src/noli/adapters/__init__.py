# SPDX-License-Identifier: Apache-2.0
"""What touches the world: database, settings, child processes. Each adapter implements a port of the domain."""
