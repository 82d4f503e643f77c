# SPDX-License-Identifier: Apache-2.0
"""Evidence packages: what the installation knows of a case, in one file that anybody can check without it."""
