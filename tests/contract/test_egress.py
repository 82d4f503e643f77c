# SPDX-License-Identifier: Apache-2.0
"""What is posted outside reaches public addresses and named hosts, and nothing else, whatever somebody tries."""

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from noli.adapters.egress import MAX_BYTES, Egress, is_public
from noli.base.errors import Forbidden, Unavailable


class Listener:
    """A server on loopback that counts connections and answers each with the same bytes."""

    def __init__(self, answer: bytes = b"HTTP/1.1 204 No Content\r\n\r\n", *, drip: bool = False) -> None:
        self.connections = 0
        self.got = b""
        self._answer, self._drip, self._stopping = answer, drip, threading.Event()
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            self.connections += 1
            with connection:
                try:
                    while b"\r\n\r\n" not in self.got:
                        self.got += connection.recv(65536)
                    if not self._drip:
                        connection.sendall(self._answer)
                    while self._drip and not self._stopping.wait(0.05):
                        connection.sendall(b"H")
                except OSError:
                    pass

    def close(self) -> None:
        self._stopping.set()
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join(5)


@pytest.fixture
def listening() -> Iterator[Callable[..., Listener]]:
    """Starts listeners and stops them afterwards."""
    made: list[Listener] = []

    def start(*arguments: Any, **named: Any) -> Listener:
        made.append(Listener(*arguments, **named))
        return made[-1]

    yield start
    for each in made:
        each.close()


HOSTILE = [
    "127.0.0.1", "127.1", "127.255.255.254", "2130706433", "0x7f000001", "0177.0.0.1", "0", "0.0.0.0", "localhost",  # noqa: S104 - called, not bound to
    "localhost.", "LOCALHOST", "[::1]", "[::]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[0:0:0:0:0:ffff:7f00:1]",
    "[64:ff9b::7f00:1]", "[64:ff9b::a9fe:a9fe]", "[2002:7f00:1::]", "[2002:a9fe:a9fe::]",
    "[2001:0:4136:e378:8000:63bf:80ff:fffe]", "169.254.169.254", "169.254.170.2", "0xa9fea9fe", "2852039166",
    "[fd00:ec2::254]", "[fe80::1]", "[fe80::1%25lo]", "[fec0::1]", "[fc00::1]", "10.0.0.1", "10.255.255.255",
    "172.16.0.1", "172.31.255.255", "192.168.0.1", "192.168.1.254", "100.64.0.1", "192.0.0.192", "192.0.2.1",
    "198.18.0.1", "198.51.100.1", "203.0.113.1", "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255",
    "[ff02::1]", "[2001:db8::1]", "[100::1]",
]  # fmt: skip


@pytest.mark.parametrize("host", HOSTILE)
def test_no_way_of_writing_it_leads_inside(host: str, listening: Callable[..., Listener]) -> None:
    """Loopback, private, link-local, metadata, multicast and reserved addresses are not called, however written."""
    inside = listening()
    with pytest.raises((Forbidden, Unavailable)):
        Egress(total_s=2).post(f"https://{host}:{inside.port}/", b"", {})
    assert inside.connections == 0


@pytest.mark.parametrize(
    "address", ["93.184.216.34", "2606:2800:220:1::1", "8.8.8.8", "64:ff9b::808:808", "2002:808:808::"]
)
def test_public_addresses_are_known(address: str) -> None:
    """Addresses that anybody can reach are public."""
    assert is_public(address)


@pytest.mark.parametrize(
    "url",
    [
        "http://receiver.example/", "ftp://receiver.example/", "file:///etc/passwd", "gopher://receiver.example/",
        "unix:///run/docker.sock", "https://receiver.example:22/", "https://receiver.example:25/", "receiver.example",
        "https://[::1", "https://" + "a" * 70 + ".example\x00/",
    ],
)  # fmt: skip
def test_other_schemes_and_ports_are_not_called(url: str) -> None:
    """Only https on a port of a web server is, and what is no address at all is refused as such."""
    with pytest.raises(Forbidden):
        Egress(resolve=_nobody).post(url, b"", {})


def _nobody(host: str, port: int) -> list[str]:
    raise AssertionError((host, port))


def test_a_name_with_one_address_inside_is_not_called(listening: Callable[..., Listener]) -> None:
    """A public address beside a private one does not help."""
    inside = listening()
    for addresses in (["93.184.216.34", "127.0.0.1"], ["127.0.0.1", "93.184.216.34"]):
        with pytest.raises(Forbidden):
            Egress(resolve=lambda *_, found=addresses: found).post(f"https://a.example:{inside.port}/", b"", {})
    assert inside.connections == 0


def test_a_name_is_resolved_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name server that answers differently the second time is not asked a second time."""
    asked: list[str] = []
    reached: list[str] = []

    def rebinding(host: str, _: int) -> list[str]:
        asked.append(host)
        return ["93.184.216.34"] if len(asked) == 1 else ["127.0.0.1"]

    def connect(_: object, address: str, *__: object, **___: object) -> None:
        reached.append(address)
        raise OSError

    monkeypatch.setattr("httpcore.SyncBackend.connect_tcp", connect)
    with pytest.raises(Unavailable):
        Egress(resolve=rebinding).post("https://rebinding.example/", b"", {})
    assert (asked, reached) == (["rebinding.example"], ["93.184.216.34"])


def test_hosts_that_the_operator_names_are_called(listening: Callable[..., Listener]) -> None:
    """Body and headers arrive as given; the answer's status comes back."""
    inside = listening()
    egress = Egress(private_hosts=["127.0.0.1"])
    assert egress.post(f"http://127.0.0.1:{inside.port}/hook?a=b", b"{}", {"Webhook-Id": "m1"}) == 204
    assert inside.got.startswith(b"POST /hook?a=b HTTP/1.1\r\n")
    assert b"webhook-id: m1" in inside.got.lower()
    with pytest.raises(Forbidden):
        egress.post(f"http://localhost:{inside.port}/", b"", {})


def test_redirects_are_answers(listening: Callable[..., Listener]) -> None:
    """A redirect is not followed: its status is what the receiver answered."""
    target = listening()
    answer = f"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:{target.port}/\r\nContent-Length: 0\r\n\r\n"
    inside = listening(answer.encode())
    assert Egress(private_hosts=["127.0.0.1"]).post(f"http://127.0.0.1:{inside.port}/", b"", {}) == 302
    assert target.connections == 0


def test_a_proxy_of_the_environment_is_not_used(
    listening: Callable[..., Listener], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where a call goes is not for variables of the environment to say."""
    proxy, inside = listening(), listening()
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
    assert Egress(private_hosts=["127.0.0.1"]).post(f"http://127.0.0.1:{inside.port}/", b"", {}) == 204
    assert proxy.connections == 0


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nX: " + b"x" * (2 * MAX_BYTES) + b"\r\n\r\n",
        b"SSH-2.0-OpenSSH\r\n\r\n",
        b"",
        b"HTTP/1.1 200 OK\r\nContent-Length: 999999\r\n\r\n" + b"x" * 2 * MAX_BYTES,
    ],
)
def test_answers_are_bounded(answer: bytes, listening: Callable[..., Listener]) -> None:
    """Endless headers or bodies, other protocols and silence are no answers."""
    inside = listening(answer)
    with pytest.raises(Unavailable):
        Egress(private_hosts=["127.0.0.1"]).send(f"http://127.0.0.1:{inside.port}/", b"", {}, max_bytes=10)


def test_a_receiver_that_drips_is_left(listening: Callable[..., Listener]) -> None:
    """A server that sends a byte now and then, for ever, costs no more than the time that a call may take."""
    inside = listening(drip=True)
    with pytest.raises(Unavailable, match="in time"):
        Egress(private_hosts=["127.0.0.1"], total_s=0.3).post(f"http://127.0.0.1:{inside.port}/", b"", {})


def test_nobody_there_is_unavailable() -> None:
    """A closed port, a name without an address."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    for egress in (Egress(private_hosts=["127.0.0.1"]), Egress(private_hosts=["127.0.0.1"], resolve=lambda *_: [])):
        with pytest.raises(Unavailable):
            egress.post(f"http://127.0.0.1:{port}/", b"", {})


def _certificate(folder: Path, name: str) -> tuple[Path, Path]:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime(2026, 1, 1, tzinfo=UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now)
        .not_valid_after(now + timedelta(days=36500))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    certificate, private = folder / f"{name}.pem", folder / f"{name}.key"
    certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return certificate, private


class _Taking(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(self.headers["Host"].encode())

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def test_the_certificate_is_the_names(tmp_path: Path) -> None:
    """The connection goes to an address, and the certificate must still be for the name that was written."""
    certificate, private = _certificate(tmp_path, "receiver.example")
    server = HTTPServer(("127.0.0.1", 0), _Taking)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, private)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    trusting = ssl.create_default_context(cafile=str(certificate))
    names = ["receiver.example", "other.example"]
    egress = Egress(private_hosts=names, resolve=lambda *_: ["127.0.0.1"], context=trusting)
    answer = egress.send(f"https://{names[0]}:{server.server_port}/", b"x", {}, max_bytes=100)
    assert answer.body.startswith(b"receiver.example")
    with pytest.raises(Unavailable):
        egress.post(f"https://{names[1]}:{server.server_port}/", b"x", {})
    server.shutdown()
    server.server_close()
    thread.join(5)


@pytest.mark.parametrize(
    "url",
    [
        "http://receiver.example/",
        "https://127.0.0.1/",
        "https://169.254.169.254/latest",
        "https://[::1]/",
        "https://[64:ff9b::a00:1]/",
        "https://localhost:9000/",
        "https://receiver.example:22/",
        "https://a..b:x/",
    ],
)
def test_what_is_never_called_is_known_before_it_is_called(url: str) -> None:
    """No name is looked up for it; names, public addresses and hosts that were named may be tried."""

    def resolve(host: str, port: int) -> list[str]:
        pytest.fail(f"{host}:{port} was looked up")

    with pytest.raises(Forbidden):
        Egress(resolve=resolve).check(url)
    for good in ("https://receiver.example/x", "https://1.1.1.1/", "https://[2606:4700::1111]:8443/"):
        Egress(resolve=resolve).check(good)
    Egress(private_hosts=["localhost", "tools.internal"], resolve=resolve).check("http://localhost:9/")
