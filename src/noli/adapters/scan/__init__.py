# SPDX-License-Identifier: Apache-2.0
"""Reading catalogues, writing matches, and the engines that move the work; the join itself is ``noli.scanning``."""
