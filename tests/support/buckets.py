# SPDX-License-Identifier: Apache-2.0
"""An object store that speaks S3, on this machine."""

from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import quote

from moto.backends import get_backend
from moto.server import ThreadedMotoServer

KEYS = {"aws_access_key_id": "key", "aws_secret_access_key": "secret"}

_REGION = "eu-central-1"


@contextmanager
def object_store() -> Iterator[str]:
    """Serve an empty bucket named ``noli``; yields the options that an address in it takes."""
    import boto3

    # What servers of this process hold is the same for all of them.
    get_backend("s3").reset()
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    address = f"http://{host}:{port}"
    client = boto3.client("s3", endpoint_url=address, region_name=_REGION, **KEYS)
    client.create_bucket(Bucket="noli", CreateBucketConfiguration={"LocationConstraint": _REGION})
    yield f"?region={_REGION}&endpoint_override={quote(address, safe='')}"
    server.stop()
