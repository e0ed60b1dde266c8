"""A real S3 server on loopback, and a proxy before it that sees every request and can spoil answers."""

from __future__ import annotations

import http.client
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import boto3
from moto.server import ThreadedMotoServer

BUCKET = "public-dump"

Fault = Callable[[str, str, int], str]
"""From method, path and how many such requests came before: '' (pass), '503', 'cut', or 'hang'."""


@dataclass
class Seen:
    """A request that came through the proxy."""

    method: str
    path: str
    headers: dict[str, str]
    sent: int = 0


@dataclass
class Server:
    """The address, the bucket's owner's client, and all that was asked."""

    endpoint: str
    owner: Any
    seen: list[Seen] = field(default_factory=list)
    fault: Fault = field(default=lambda method, path, before: "")
    hanging: threading.Event = field(default_factory=threading.Event)
    fraction: str = ""
    """Listings show times with this fraction of a second, as those of MinIO and hadro do; no header does."""

    def put(self, path: Path, key: str, *, public: bool = True) -> str:
        """Upload a file; returns its address."""
        self.owner.put_object(
            Bucket=BUCKET, Key=key, Body=path.read_bytes(), ACL="public-read" if public else "private"
        )
        return f"s3://{BUCKET}/{key}"

    def put_tree(self, folder: Path, prefix: str = "v1.0/eth") -> str:
        """Upload all files below a folder; returns the address of the prefix."""
        for path in sorted(folder.rglob("*.parquet")):
            self.put(path, f"{prefix}/{path.relative_to(folder).as_posix()}")
        return f"s3://{BUCKET}/{prefix}"

    def gets(self) -> list[str]:
        """The keys whose content was asked for."""
        return [seen.path for seen in self.seen if seen.method == "GET" and ".parquet" in seen.path]


@contextmanager
def serving() -> Iterator[Server]:
    """A server with an empty bucket, whose content may be listed by all."""
    moto = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    moto.start()
    host, port = moto.get_host_and_port()
    owner = boto3.client(
        "s3",
        endpoint_url=f"http://{host}:{port}",
        region_name="us-east-1",
        aws_access_key_id="owner",
        aws_secret_access_key="owner",
    )
    owner.create_bucket(Bucket=BUCKET, ACL="public-read")
    server = Server("", owner)
    proxy = ThreadingHTTPServer(("127.0.0.1", 0), _handler(server, host, port))
    proxy.daemon_threads = True
    threading.Thread(target=proxy.serve_forever, daemon=True).start()
    server.endpoint = f"http://127.0.0.1:{proxy.server_address[1]}"
    try:
        yield server
    finally:
        server.hanging.set()
        proxy.shutdown()
        proxy.server_close()
        for item in owner.list_objects_v2(Bucket=BUCKET).get("Contents", []):
            owner.delete_object(Bucket=BUCKET, Key=item["Key"])
        owner.delete_bucket(Bucket=BUCKET)
        moto.stop()


def _handler(server: Server, host: str, port: int) -> type[BaseHTTPRequestHandler]:
    class Proxy(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: Any) -> None:
            """Keep quiet."""

        def _pass(self) -> None:
            path = self.path
            before = sum((seen.method, seen.path) == (self.command, path) for seen in server.seen)
            seen = Seen(self.command, path, dict(self.headers))
            server.seen.append(seen)
            fault = server.fault(self.command, path, before)
            if fault == "503":
                self._answer(503, [], b"<Error><Code>SlowDown</Code><Message>slow</Message></Error>")
                return
            if fault == "hang":
                server.hanging.wait(600)
            behind = http.client.HTTPConnection(host, port, timeout=600)
            behind.request(self.command, path, headers=dict(self.headers))
            answer = behind.getresponse()
            body = answer.read()
            if server.fraction and b"<LastModified>" in body:
                body = re.sub(rb"\.000Z</LastModified>", f"{server.fraction}Z</LastModified>".encode(), body)
            headers = [
                (name, value)
                for name, value in answer.getheaders()
                if name.lower() not in ("content-length", "connection", "transfer-encoding", "server", "date")
            ]
            length = answer.getheader("Content-Length")
            seen.sent = len(body)
            self._answer(answer.status, headers, body, length=length, cut=fault == "cut")

        do_GET = do_HEAD = _pass

        def _answer(
            self,
            status: int,
            headers: list[tuple[str, str]],
            body: bytes,
            *,
            length: str | None = None,
            cut: bool = False,
        ) -> None:
            self.send_response(status)
            for name, value in headers:
                self.send_header(name, value)
            self.send_header(
                "Content-Length", length if self.command == "HEAD" and length else str(len(body))
            )
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body[: len(body) // 2] if cut else body)
            if cut:
                self.close_connection = True

    return Proxy
