# SPDX-License-Identifier: Apache-2.0
"""What all pages for people share: languages, templates, assets, cookies, and errors as pages."""
