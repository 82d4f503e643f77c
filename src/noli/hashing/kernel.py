# SPDX-License-Identifier: Apache-2.0
"""The face of the native kernel; no other module imports ``_native``.

``NOLI_KERNEL=portable|avx2|avx512|neon`` is a demand: where that path cannot run, the
import raises ``KernelUnavailable`` and never falls back in silence.
"""

from noli.base.errors import KernelUnavailable

try:
    from noli.hashing import _native
except ImportError as error:
    msg = "The native kernel is not built, or NOLI_KERNEL asks for a path this CPU cannot run; run 'make setup'."
    raise KernelUnavailable(msg, retry=False, detail=str(error)) from error

KERNEL = _native.KERNEL
AVAILABLE = _native.AVAILABLE
HammingIndex = _native.Index
jpeg_pdq = _native.jpeg_pdq
looks = _native.looks
pdq = _native.pdq
pdq_crop = _native.pdq_crop
pdq_folded = _native.pdq_folded
pdq_shrink = _native.pdq_shrink
region_hashes = _native.region_hashes
region_vote = _native.region_vote
regions = _native.regions

__all__ = [
    "AVAILABLE",
    "KERNEL",
    "HammingIndex",
    "jpeg_pdq",
    "looks",
    "pdq",
    "pdq_crop",
    "pdq_folded",
    "pdq_shrink",
    "region_hashes",
    "region_vote",
    "regions",
]
