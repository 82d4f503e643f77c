# SPDX-License-Identifier: Apache-2.0
"""A platform's files about content: notices and matches in, decisions with reasons, complaints, clocks, stay-down."""
