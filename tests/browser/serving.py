"""Serves the real pages on loopback, and listens as a client on loopback does."""

import socket
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import anyio
import uvicorn
from anyio.from_thread import BlockingPortal, start_blocking_portal
from starlette.types import ASGIApp

from fullstory_mcp.storage import Tx, keys
from oauth.harness import Door, hosting
from oauth.identity_provider import SETTINGS, IdentityProvider
from support import Clock


@dataclass
class Served:
    """A hosted server in a thread of its own; `call` runs something in it."""

    door: Door
    portal: BlockingPortal
    client_id: str = ""

    @property
    def url(self) -> str:
        """The public URL."""
        return self.door.public_url

    def registered(self, **metadata: Any) -> str:
        """The id of a client that registered itself."""
        return self.portal.call(self._registered, metadata)

    def authorize(self, client_id: str, **parameters: str | None) -> str:
        """The address that a client sends its person to."""
        return f"{self.url}/authorize?{urlencode(self.door.question(client_id, **parameters))}"

    def redeemed(self, code: str, redirect_uri: str, verifier: str) -> dict[str, Any]:
        """The tokens for a code, as the client that registered last gets them."""
        return self.portal.call(self._redeemed, code, redirect_uri, verifier)

    def refuse_keys(self) -> None:
        """Notes of every stored key that Fullstory refused it."""
        self.portal.call(self.door.shared.database.run, _refused, int(self.door.clock()))

    async def _redeemed(self, code: str, redirect_uri: str, verifier: str) -> dict[str, Any]:
        given = {"redirect_uri": redirect_uri, "code_verifier": verifier}
        answer = await self.door.redeemed(self.client_id, code, **given)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def _registered(self, metadata: dict[str, Any]) -> str:
        self.client_id = (await self.door.registered(**metadata))["client_id"]
        return self.client_id


@contextmanager
def served(**settings: Any) -> Iterator[Served]:
    """A hosted server that listens on a free port of 127.0.0.1; `settings` as `hosting` takes them."""
    with (
        start_blocking_portal() as portal,
        portal.wrap_async_context_manager(_hosted_on_loopback(settings)) as door,
    ):
        yield Served(door, portal)


@asynccontextmanager
async def listening(app: ASGIApp, taken: socket.socket) -> AsyncIterator[None]:
    """An ASGI app behind uvicorn on a socket that is bound already; its lifespan is the caller's."""
    server = uvicorn.Server(uvicorn.Config(app, lifespan="off", log_config=None, access_log=False))
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(server.serve, [taken])
        yield
        server.should_exit = True


def free() -> socket.socket:
    """A socket bound to a free port of 127.0.0.1."""
    taken = socket.socket()
    taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    taken.bind(("127.0.0.1", 0))
    return taken


def origin_of(taken: socket.socket) -> str:
    """The origin of what listens on a socket."""
    return f"http://127.0.0.1:{taken.getsockname()[1]}"


@dataclass
class Listener:
    """A program that waits on loopback for its answer."""

    url: str
    heard: list[dict[str, str]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)


@contextmanager
def listener(then: str = "") -> Iterator[Listener]:
    """A client's redirect listener; it notes what each request to /callback carried.

    `then` is where it sends the browser on.
    """
    waiting = Listener("")

    def answer(address: str, headers: dict[str, str]) -> str:
        parts = urlsplit(address)
        if parts.path == "/callback":
            query = parse_qs(parts.query, strict_parsing=True)
            waiting.heard.append({name: values[0] for name, values in query.items()})
            waiting.headers.append(headers)
        return then

    with _answering(answer) as origin:
        waiting.url = f"{origin}/callback"
        yield waiting


@contextmanager
def office(person: dict[str, Any]) -> Iterator[tuple[IdentityProvider, dict[str, Any]]]:
    """An identity provider with a session of `person`, and what a server is given to use it."""
    at = IdentityProvider(Clock(), person=person)
    with _answering(lambda address, _: at.sign_in(f"{at.issuer}{address}")) as origin:
        at.issuer = origin
        yield (
            at,
            {
                **SETTINGS,
                "FULLSTORY_MCP_OIDC_ISSUER": origin,
                "outside": at.transport,
                "clock": at.clock,
            },
        )


@contextmanager
def _answering(answer: Callable[[str, dict[str, str]], str]) -> Iterator[str]:
    """A site that answers a GET by a redirect to what `answer` says, or by a page; its origin."""

    class Handler(BaseHTTPRequestHandler):
        """Asks `answer`."""

        def do_GET(self) -> None:
            """Answers the browser."""
            headers = {name.lower(): value for name, value in self.headers.items()}
            then = "" if self.path == "/favicon.ico" else answer(self.path, headers)
            self.send_response(302 if then else 200)
            self.send_header("Location" if then else "Content-Type", then or "text/html")
            self.end_headers()
            self.wfile.write(b"<!doctype html><title>Back</title><p>Back in the client")

        def log_message(self, *_: object) -> None:
            """Keeps silent."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@asynccontextmanager
async def _hosted_on_loopback(settings: dict[str, Any]) -> AsyncIterator[Door]:
    taken = free()
    url = settings.pop("FULLSTORY_MCP_PUBLIC_URL", origin_of(taken))
    async with (
        hosting(FULLSTORY_MCP_PUBLIC_URL=url, **settings) as door,
        listening(door.app, taken),
    ):
        yield door


def _refused(tx: Tx, now: int) -> None:
    for row in tx.exec_driver_sql("SELECT id FROM api_keys").all():
        keys.refused(tx, row.id, now)
