# SPDX-License-Identifier: Apache-2.0
"""A platform that gives previews of what it has to whoever signs for them: pictures drawn by code."""

import hashlib
import hmac
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

from tests.support.media import drawn, encoded

SECRET = "platform and console know it"


class PreviewPlatform:
    """Serves one file under every reference, and remembers what it was asked for."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.status = 200
        self.body = encoded(drawn(seed=3, width=900, height=600), "JPEG", quality=90)
        platform = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                at, given = self.headers["Noli-Timestamp"], self.headers["Noli-Signature"]
                said = f"{at}.{platform.address}{self.path}".encode()
                right = hmac.new(SECRET.encode(), said, hashlib.sha256).hexdigest() == given
                platform.asked.append(self.path)
                self.send_response(platform.status if right else 403)
                self.end_headers()
                self.wfile.write(platform.body)

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self.server.server_port}"
        self.settings: dict[str, Any] = {
            "preview_url": f"{self.address}/p/{{ref}}",
            "preview_secret": SECRET,
            "private_hosts": "127.0.0.1",
            "decode_workers": 1,
            "max_pixels": 700_000,
            "max_upload_bytes": 1024 * 1024,
        }

    def __enter__(self) -> Self:
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.server.shutdown()
        self.server.server_close()
