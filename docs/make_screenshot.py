# SPDX-License-Identifier: Apache-2.0
"""Save what the README's commands show in a terminal as ``docs/assets/first-block.svg``: ``make screenshot``.

It really runs them: the demo in a fresh folder, a server on port 8000, curl with the edited copy and with the unrelated
picture. It does not touch an installation's data. The picture links to no font or page of anybody else.
"""

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx
from rich.console import Console

ROOT = Path(__file__).parents[1]
PICTURE = ROOT / "docs" / "assets" / "first-block.svg"
NOLI = Path(sys.executable).with_name("noli")
SERVER = "http://127.0.0.1:8000"

# Seconds; far longer than a start takes on a slow machine.
_PATIENCE_S = 60.0

# Characters a line; what fits the README's column.
_WIDTH = 104

_CURL = (
    'curl -s -H "Authorization: Bearer $(cat data/demo/token)" \\\n'
    f"       -F file=@data/demo/{{name}} {SERVER}/api/v1/checks"
)


@contextmanager
def server(folder: Path) -> Iterator[None]:
    """Serve ``folder/data`` until the context ends.

    Raises:
        RuntimeError: It ended, or was not ready in time; the text says what it printed.
    """
    process = subprocess.Popen(  # noqa: S603 - our own program
        [NOLI, "serve", "--data", "data"], cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    try:
        _wait(process)
        yield
    finally:
        process.terminate()
        process.communicate(timeout=_PATIENCE_S)


def _wait(process: subprocess.Popen[str]) -> None:
    end = time.monotonic() + _PATIENCE_S
    while time.monotonic() < end and process.poll() is None:
        try:
            if httpx.get(f"{SERVER}/readyz").is_success:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.1)
    process.kill()
    msg = f"The server did not become ready: {process.communicate()[0]}"
    raise RuntimeError(msg)


def check(name: str, *, folder: Path, console: Console) -> None:
    """Run the README's curl for one demo picture, and show command and answer."""
    command = _CURL.format(name=name)
    console.print(f"$ {command}", highlight=False, markup=False, style="bold")
    answer = subprocess.run(["bash", "-c", command], cwd=folder, capture_output=True, check=True)  # noqa: S603, S607 - ours
    console.print_json(json.dumps(json.loads(answer.stdout)))
    console.print()


def main() -> None:
    """Run, record, save."""
    console = Console(record=True, width=_WIDTH, file=Path(os.devnull).open("w"), force_terminal=True)  # noqa: SIM115 - ends with us
    with TemporaryDirectory() as name:
        folder = Path(name)
        subprocess.run([NOLI, "demo", "--data", "data"], cwd=folder, check=True, stdout=subprocess.DEVNULL)  # noqa: S603 - ours
        with server(folder):
            check("edited-copy.jpg", folder=folder, console=console)
            check("unrelated.jpg", folder=folder, console=console)
    picture = console.export_svg(title="Noli", unique_id="noli")
    # Rich's template loads a font from a third party; a reader's own monospaced font does as well.
    picture = re.sub(r"@font-face \{.*?\}\s*", "", picture, flags=re.DOTALL)
    PICTURE.parent.mkdir(exist_ok=True)
    PICTURE.write_text(re.sub(r"[ \t]+\n", "\n", picture), "utf-8")
    print(PICTURE.relative_to(ROOT))


if __name__ == "__main__":
    main()
