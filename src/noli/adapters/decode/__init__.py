# SPDX-License-Identifier: Apache-2.0
"""Decoding of untrusted pictures in confined child processes; implements ``hashing.ports.MediaHasher``.

``pool`` runs in the server and never parses a picture; ``child`` is the program of the children, ``pictures`` turns
bytes into hashes there, ``limits`` takes rights away from them, ``wire`` is what the two sides say to each other.
"""

from noli.adapters.decode.pool import DecoderPool

__all__ = ["DecoderPool"]
