# SPDX-License-Identifier: Apache-2.0
"""The people who decide: what each set for their own work, how little they have to look at, what they find."""
