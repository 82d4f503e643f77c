# SPDX-License-Identifier: Apache-2.0
"""Catalogue scans: everything a platform already has, joined with the banks.

The core takes Arrow record batches and gives Arrow record batches, so that it runs on whatever engine moves them.
"""
