# SPDX-License-Identifier: Apache-2.0
"""Programs that are killed at random moments of their work; what they need is imported once, and each is a fork."""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from tests.support.server import unmeasured

_ROOT = Path(__file__).parents[2]

# The program's ``work`` takes the arguments and what is different for each; it goes on for ever.
_FORKING = """
import os, sys
for line in sys.stdin:
    child = os.fork()
    if child == 0:
        try:
            work(*sys.argv[1:], line.strip())
        finally:
            os._exit(1)
    print("pid", child, flush=True)
    os.waitpid(child, 0)
    print("dead", flush=True)
"""


def said_before_the_kill(
    program: str, arguments: Sequence[str], each: Sequence[str], *, dice: random.Random, after: int, longest_s: float
) -> list[str]:
    """Let a program work once for each and kill it; return all that was said.

    Args:
        program: Defines ``work``, which says a line for each step.
        arguments: What it takes each time.
        each: What it takes besides, one a kill.
        dice: Draws the moments.
        after: Lines that it says first.
        longest_s: Seconds that it is left alive afterwards, at most.
    """
    environment = unmeasured() | {"PYTHONPATH": os.pathsep.join([str(_ROOT), *sys.path])}
    said: list[str] = []
    with subprocess.Popen(
        [sys.executable, "-c", program + _FORKING, *arguments],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment, cwd=_ROOT, text=True,
    ) as forking:  # fmt: skip
        assert forking.stdin is not None
        assert forking.stdout is not None
        for one in each:
            forking.stdin.write(f"{one}\n")
            forking.stdin.flush()
            pid, lines = 0, list[str]()
            while not pid or len(lines) < after:
                line = forking.stdout.readline()
                assert line not in {"", "dead\n"}, "it ended by itself"
                if line.startswith("pid "):
                    pid = int(line.split()[1])
                else:
                    lines.append(line)
            time.sleep(dice.uniform(0, longest_s))
            os.kill(pid, signal.SIGKILL)
            lines += iter(forking.stdout.readline, "dead\n")
            said += [line.strip() for line in lines]
        forking.stdin.close()
    return said
