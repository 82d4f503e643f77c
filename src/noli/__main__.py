# SPDX-License-Identifier: Apache-2.0
"""Run the command line with ``python -m noli``."""

from noli.cli import main

if __name__ == "__main__":
    main()
