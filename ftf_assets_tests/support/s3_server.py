"""A server that speaks the protocol of S3, and a proxy before it that fails as networks and stores do."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
import requests

from ftf_assets.storage.home import Home

#: Credentials of the test server; a test looks for the secret everywhere.
KEY, SECRET = "ftf-test-key", "ftf-planted-secret-0123456789"


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@contextmanager
def s3_server(
    host: str = "127.0.0.1",
    port: int | None = None,
    *,
    checks_rights: bool = False,
    log: Path | None = None,
) -> Iterator[str]:
    """Run a server; gives its address. With ``checks_rights`` see ``read_only_user``.

    Each request is a line of ``log``, see ``requests_in``.
    """
    port = port or free_port()
    rights = {"INITIAL_NO_AUTH_ACTION_COUNT": "1000"} if checks_rights else {}
    with (log or Path(os.devnull)).open("w") as written:
        server = subprocess.Popen(
            [sys.executable, "-m", "moto.server", "-H", host, "-p", str(port)],
            stdout=subprocess.DEVNULL,
            stderr=written,
            env=os.environ | rights,
        )
    address = f"http://{host}:{port}"
    try:
        for _ in range(600):
            try:
                requests.get(address, timeout=10)
                break
            except (requests.ConnectionError, requests.Timeout):
                assert server.poll() is None, "the server has ended"
                time.sleep(0.1)
        yield address
    finally:
        server.kill()
        server.wait()


_REQUEST = re.compile(r'"(GET|PUT|HEAD|POST|DELETE) (\S+) HTTP')


def requests_in(log: Path, begin: int = 0) -> list[tuple[str, str]]:
    """Give the requests in a server's log from this byte on: what is asked, and the folder of the home.

    >>> log = getfixture("tmp_path") / "log"
    >>> _ = log.write_text('1.2.3.4 - - [date] "GET /b/home/fits/packs/ab.zip HTTP/1.1" 200 -')
    >>> requests_in(log)
    [('GET', 'fits')]
    """
    found = []
    for method, target in _REQUEST.findall(log.read_text(errors="replace")[begin:]):
        parts = urlsplit(target)
        listed = parse_qs(parts.query).get("prefix")
        name = unquote(parts.path).partition("/home/")[2] if listed is None else listed[0]
        folder = name.removeprefix("home/").partition("/")[0]
        found.append(("LIST" if listed else method, folder))
    return found


def environment(endpoint: str, secret: str = SECRET) -> dict[str, str]:
    """The variables with which a process finds the server."""
    return {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ALLOW_HTTP": "true",
        "AWS_ACCESS_KEY_ID": KEY,
        "AWS_SECRET_ACCESS_KEY": secret,
        "AWS_REGION": "us-east-1",
    }


def read_only_user(endpoint: str) -> tuple[str, str]:
    """Make a user who may read every bucket, and check rights from now on; gives its key and secret."""
    import boto3

    variables = environment(endpoint)
    iam = boto3.client(
        "iam",
        endpoint_url=endpoint,
        region_name="us-east-1",
        aws_access_key_id=variables["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=variables["AWS_SECRET_ACCESS_KEY"],
    )
    iam.create_user(UserName="reader")
    key = iam.create_access_key(UserName="reader")["AccessKey"]
    allowed = {"Effect": "Allow", "Action": ["s3:Get*", "s3:List*"], "Resource": "*"}
    iam.put_user_policy(
        UserName="reader",
        PolicyName="read",
        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [allowed]}),
    )
    requests.post(f"{endpoint}/moto-api/reset-auth", data="0", timeout=30).raise_for_status()
    return key["AccessKeyId"], key["SecretAccessKey"]


def new_bucket(endpoint: str) -> str:
    """Make a bucket; gives its address with a folder in it."""
    name = f"b{uuid.uuid4().hex[:12]}"
    requests.put(f"{endpoint}/{name}", timeout=30).raise_for_status()
    return f"s3://{name}/home"


@contextmanager
def bucket_home(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Home]:
    """Give a home in a bucket of a server of its own; ``folder`` is where this machine keeps its part.

    The environment is that of this machine until the test ends.
    """
    with s3_server() as endpoint:
        for name, text in (environment(endpoint) | {"FTF_CACHE": str(folder)}).items():
            monkeypatch.setenv(name, text)
        yield Home.locate(new_bucket(endpoint))


@dataclass
class Trouble:
    """What goes wrong at the proxy.

    Attributes
    ----------
    kind
        None, ``overloaded`` (503), ``slow`` (answers after ``seconds``), ``cut`` (the connection ends in the
        middle of the request), ``garbled`` (half of the answer), ``unconditional`` (the condition of a write
        is ignored).
    n_left
        Requests that it happens to; negative for all.
    methods
        Methods that it happens to.
    n_requests
        Requests that came, in all.
    """

    kind: str | None = None
    n_left: int = -1
    methods: tuple[str, ...] = ("GET", "PUT", "HEAD", "POST", "DELETE")
    seconds: float = 0.0
    n_requests: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def strikes(self, method: str) -> str | None:
        with self.lock:
            self.n_requests += 1
            if self.kind is None or method not in self.methods or self.n_left == 0:
                return None
            self.n_left -= 1
            return self.kind


@contextmanager
def troubled(endpoint: str) -> Iterator[tuple[str, Trouble]]:
    """Run a proxy before a server; gives its address and what shall go wrong there."""
    trouble = Trouble()

    class Proxy(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: object) -> None:
            pass

        def forward(self) -> None:
            with suppress(BrokenPipeError, ConnectionResetError):  # the client did not wait
                self.pass_on()

        def pass_on(self) -> None:
            kind = trouble.strikes(self.command)
            length = int(self.headers.get("Content-Length", 0))
            if kind == "cut":
                self.rfile.read(length // 2)
                self.close_connection = True
                self.connection.shutdown(socket.SHUT_RDWR)
                return
            body = self.rfile.read(length)
            if kind == "slow":
                time.sleep(trouble.seconds)
            if kind == "overloaded":
                self.answer(503, b"<Error><Code>SlowDown</Code></Error>", {})
                return
            headers = {name: value for name, value in self.headers.items() if name.lower() != "host"}
            if kind == "unconditional":
                headers = {name: value for name, value in headers.items() if name.lower() != "if-none-match"}
            headers["Host"] = endpoint.removeprefix("http://")
            found = requests.request(
                self.command, endpoint + self.path, data=body, headers=headers, timeout=60, stream=True
            )
            content = found.raw.read(decode_content=False)
            kept = {
                n: v for n, v in found.headers.items() if n.lower() not in ("content-length", "connection")
            }
            if kind == "garbled":
                self.answer(found.status_code, content, kept, cut=True)
                return
            length = int(found.headers.get("Content-Length", 0)) if self.command == "HEAD" else len(content)
            self.answer(found.status_code, content, kept, length=length)

        def answer(
            self,
            status: int,
            content: bytes,
            headers: dict[str, str],
            *,
            length: int | None = None,
            cut: bool = False,
        ) -> None:
            self.send_response(status)
            for name, value in headers.items():
                if name.lower() not in ("transfer-encoding", "server", "date"):
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(content) if length is None else length))
            self.end_headers()
            self.wfile.write(content[: len(content) // 2] if cut else content)
            if cut:
                self.close_connection = True
                self.connection.shutdown(socket.SHUT_RDWR)

        do_GET = do_PUT = do_HEAD = do_POST = do_DELETE = forward  # noqa: N815  the names that the class calls

    server = ThreadingHTTPServer(("127.0.0.1", 0), Proxy)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}", trouble
    finally:
        server.shutdown()
        server.server_close()
