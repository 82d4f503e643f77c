# SPDX-License-Identifier: Apache-2.0
"""From pixels to hashes: signal types, the native kernel's face, what became of a file."""
