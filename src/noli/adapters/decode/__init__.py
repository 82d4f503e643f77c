# SPDX-License-Identifier: Apache-2.0
"""Decoding of untrusted pictures and videos in confined child processes; implements ``hashing.ports.MediaHasher``.

``pool`` runs in the server and never parses a picture; ``child`` is the program of the children, ``pictures`` turns
bytes into hashes there, ``limits`` takes rights away from them, ``wire`` is what the two sides say to each other. The
same for videos: ``video_pool``, ``video_child``, ``videos`` and ``video_frames``, ``video_wire``.
"""

from noli.adapters.decode.media import MediaDecoder
from noli.adapters.decode.pool import DecoderPool
from noli.adapters.decode.video_pool import VideoPool

__all__ = ["DecoderPool", "MediaDecoder", "VideoPool"]
