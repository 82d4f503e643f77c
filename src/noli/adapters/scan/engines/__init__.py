# SPDX-License-Identifier: Apache-2.0
"""The engines that may move a scan's units to workers. Each module has one function, ``run``, and knows one engine.

What a worker does is the same everywhere (``adapters.scan.worker``), and so is what is left when an engine dies: the
parts that were done. An engine therefore needs no checkpoints of its own.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module

from noli.base.errors import InputError
from noli.scanning.model import Unit

#: What can be asked for, and the extra that brings it.
ENGINES = {"local": "", "daft": "daft", "ray": "ray", "spark": "spark"}


@dataclass(frozen=True, slots=True)
class Order:
    """What an engine is asked to do.

    Attributes:
        folder: The work folder, as every worker sees it.
        units: The units that have no part yet.
        workers: How many may work at once.
        rows_per_s: Rows a second that one worker does at most; 0 for no limit.
    """

    folder: str
    units: Sequence[Unit]
    workers: int
    rows_per_s: float = 0.0


Engine = Callable[[Order], None]


def engine(name: str) -> Engine:
    """Load an engine; it returns when every unit has its part.

    Raises:
        InputError: The engine is not known or not installed.
    """
    if name not in ENGINES:
        msg = f"{name!r} is no engine; there are: {', '.join(ENGINES)}."
        raise InputError(msg)
    try:
        run: Engine = import_module(f"noli.adapters.scan.engines.{name}_engine").run
    except ImportError as error:
        msg = f"The engine {name!r} is not installed; install it with: pip install 'noli[{ENGINES[name]}]'."
        raise InputError(msg, detail=str(error)) from error
    return run
