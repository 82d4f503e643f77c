# SPDX-License-Identifier: Apache-2.0
"""What Meta's hasher-matcher-actioner (HMA) answers, answered by Noli: its callers change a URL and a header.

The shapes are HMA 1.1's, with these differences on purpose: every route but the status asks for a key; distances go
only to keys with the scope ``distances``; a file that cannot be read is told as such and never as "no match"; what is
deleted stops matching at once everywhere; a bank's path is checked against the content that is named under it.
"""
