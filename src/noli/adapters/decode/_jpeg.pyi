# SPDX-License-Identifier: Apache-2.0
"""Types of the compiled JPEG reader (native/python_jpeg.c). Its contract is in native/jpeg.h."""

from typing_extensions import Buffer

def brightness(file: Buffer, height: int, width: int, denominator: int, portable: bool = False, /) -> bytes | None: ...
