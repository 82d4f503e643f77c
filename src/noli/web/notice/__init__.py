# SPDX-License-Identifier: Apache-2.0
"""The public form in the platform's name: sending a notice without an account, and following it up."""
