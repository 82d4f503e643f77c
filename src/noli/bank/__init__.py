# SPDX-License-Identifier: Apache-2.0
"""Banks of hashes: entries, where they came from, what people think of them, withdrawal."""
