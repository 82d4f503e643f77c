# SPDX-License-Identifier: Apache-2.0
"""Noli: block non-consensual intimate images without ever receiving them.

Data flows one way through the packages: ``base`` → ``hashing`` → ``bank`` →
``matching``; ``adapters`` connect them to disks, sockets and databases, ``app``
wires them, ``web`` and ``cli`` face people and programs.
"""

__version__ = "0.1.0"
