# SPDX-License-Identifier: Apache-2.0
"""The kernel's face."""

import importlib
import sys

import pytest

import noli.hashing
from noli.base.errors import KernelUnavailable


def test_a_missing_kernel_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the compiled kernel nothing is hashed in some other way: the error names the command that builds it."""
    monkeypatch.setitem(sys.modules, "noli.hashing._native", None)
    monkeypatch.delitem(sys.modules, "noli.hashing.kernel", raising=False)
    monkeypatch.delattr(noli.hashing, "_native", raising=False)
    with pytest.raises(KernelUnavailable, match="make setup"):
        importlib.import_module("noli.hashing.kernel")
