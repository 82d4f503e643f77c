# SPDX-License-Identifier: Apache-2.0
"""The peer of the HTTP rows: ``threatexchange``'s hasher and index behind the same web server as ours.

HMA itself is not on the package index, so that it cannot run here; this is its matching core without its
database look-ups, and so a harder peer than HMA. No authentication, no limits, no records, no child process.
"""

import sys

import faiss
import msgspec
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from threatexchange.signal_type.pdq.pdq_index import PDQIndex
from threatexchange.signal_type.pdq.signal import PdqSignal

from benchmarks.inputs import random_hashes


def main(size: int, port: int) -> None:
    """Serve ``size`` random hashes on 127.0.0.1.

    Args:
        size: Hashes in the index.
        port: TCP port.
    """
    faiss.omp_set_num_threads(1)
    index: PDQIndex[int] = PDQIndex(
        (hash_.tobytes().hex(), number) for number, hash_ in enumerate(random_hashes(size, seed=0))
    )

    async def check(request: Request) -> Response:
        body = await request.body()
        if request.headers.get("content-type") == "application/json":
            value = msgspec.json.decode(body)["hashes"][0]["value"]
        else:
            value = PdqSignal.hash_from_bytes(body)
        found = [match.metadata for match in index.query(value)] if value else []
        return Response(msgspec.json.encode({"matches": found}), media_type="application/json")

    async def add(request: Request) -> Response:
        index.add(msgspec.json.decode(await request.body())["hashes"][0]["value"], len(index))
        return Response(b"{}", media_type="application/json")

    async def ready(_: Request) -> Response:
        return Response(b"ready")

    app = Starlette(
        routes=[
            Route("/readyz", ready),
            Route("/api/v1/checks", check, methods=["POST"]),
            Route("/add", add, methods=["POST"]),
        ]
    )
    uvicorn.run(app, host="127.0.0.1", port=port, log_level="error", access_log=False)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
