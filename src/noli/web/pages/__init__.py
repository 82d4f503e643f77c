# SPDX-License-Identifier: Apache-2.0
"""Pages for people. They load nothing from anybody else and need no script."""
