"""What clients of others need to sign in: a real hosted server, a person with a browser, documents.

Nothing here knows what a test wants to prove; it starts, follows pages and stops.
"""

import re
import shutil
import socket
import ssl
import subprocess
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import anyio
import httpx2 as httpx
import pytest
import uvicorn
from anyio.abc import ByteReceiveStream
from anyio.streams.buffered import BufferedByteReceiveStream
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from databases import _made
from fullstory_mcp.storage import Database, tables
from interop.programs import ENOUGH
from oauth.certificates import Authority
from oauth.consenting import offered
from oauth.harness import SECRET_KEY, followed, submitted
from server.doors import PROGRAM, Api, Served, environment, serving

PASTED = "na1.sandbox-admin"
"""The key that a person pastes, unless a test says otherwise."""


LONGEST_LINE = 2**20

CLIENT_FILE = """
[[clients]]
id = "conformance"
name = "Conformance suite"
redirect_uris = ["http://127.0.0.1/callback"]
"""
"""An access file with a client that is known beforehand."""


@dataclass(frozen=True)
class Hosted:
    """A running server for many, and where it keeps what it must not lose."""

    served: Served
    database_url: str

    @property
    def kind(self) -> str:
        """Of which kind the database is."""
        return self.database_url.partition(":")[0]


@contextmanager
def database(request: pytest.FixtureRequest, kind: str, folder: Path) -> Iterator[str]:
    """The URL of a migrated, empty database that several tests share."""
    if kind == "sqlite":
        yield f"sqlite:///{shutil.copy(request.getfixturevalue('sqlite_template'), folder)}"
        return
    server, template = map(request.getfixturevalue, ("postgres_server", "postgres_template"))
    with _made(server, template) as url:
        yield url


def free_port() -> int:
    """A port of this machine that nothing listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


@contextmanager
def hosting(
    folder: Path, database_url: str, api: Api | None = None, **settings: str
) -> Iterator[Served]:
    """`fullstory-mcp serve` with its front door open, on a database that is migrated already.

    It answers from the embedded sandbox unless `api` is given. Its public URL is where it listens,
    unless `settings`, given by their environment names, say otherwise.
    """
    port = free_port()
    named = {
        "FULLSTORY_MCP_PUBLIC_URL": f"http://127.0.0.1:{port}",
        "FULLSTORY_MCP_SECRET_KEYS": SECRET_KEY,
        "FULLSTORY_MCP_DATABASE_URL": database_url,
        **settings,
    }
    env = environment(api, **named)
    del env["FULLSTORY_API_KEY"]  # each person brings their own
    command = [*PROGRAM, "serve", "--port", str(port), *([] if api else ["--sandbox"])]
    with serving(folder, env, *command) as served:
        yield served


def expire_access_tokens(database_url: str) -> None:
    """Lets every access token of a database have expired, as an hour would."""
    with closing(Database(database_url)) as database, database.begin() as tx:
        access = tables.tokens.c.kind == "access"
        tx.execute(tables.tokens.update().where(access).values(expires_at=1))


@dataclass
class Person:
    """A person at the consent page who pastes a key and ticks every box that is offered.

    `allowed` keeps what each consent granted.
    """

    browser: httpx.AsyncClient
    key: str = PASTED
    allowed: list[list[str]] = field(default_factory=list)

    async def consents(self, url: str) -> str:
        """Where the client's authorization URL leads in the end: its redirect URI with an answer."""
        page = await followed(self.browser, await self.browser.get(url))
        page = await submitted(self.browser, page, {"api_key": self.key})
        page = await followed(self.browser, page)
        scopes = offered(page)
        answer = await submitted(self.browser, page, {"scope": scopes}, button="allow")
        assert answer.status_code == 303, answer.text
        self.allowed.append(scopes)
        return answer.headers["location"]


async def lines_of(stream: ByteReceiveStream) -> AsyncIterator[str]:
    """What a process says, line by line, to its end."""
    lines = BufferedByteReceiveStream(stream)
    while True:
        try:
            yield (await lines.receive_until(b"\n", LONGEST_LINE)).decode()
        except (anyio.IncompleteRead, anyio.EndOfStream):
            return


async def accompanied(
    person: Person, command: list[str], env: dict[str, str], stdin: int = subprocess.DEVNULL
) -> list[str]:
    """What a program said that prints where its person has to go and listens until they are back."""
    said = []
    with anyio.fail_after(ENOUGH):
        async with await anyio.open_process(
            command, env=env, stdin=stdin, stderr=subprocess.STDOUT
        ) as process:
            async for line in lines_of(process.stdout):
                said.append(line)
                if invited := re.search(r"http://\S+/authorize\?\S+", line):
                    answer = await person.browser.get(await person.consents(invited[0]))
                    assert answer.status_code == 200, answer.text
            assert await process.wait() == 0, said
    return said


@dataclass(frozen=True)
class Documents:
    """A host of client ID metadata documents; `authority` is the file to trust it by."""

    origin: str
    authority: Path
    pages: dict[str, Any]

    @property
    def settings(self) -> dict[str, str]:
        """What lets a server fetch from it."""
        host = self.origin.removeprefix("https://")
        return {"FULLSTORY_MCP_PRIVATE_HOSTS": host, "SSL_CERT_FILE": str(self.authority)}

    def publish(self, path: str, page: Any) -> str:
        """Puts JSON at a path; its address."""
        self.pages[path] = page
        return f"{self.origin}{path}"

    def client(self, path: str, **metadata: Any) -> str:
        """Publishes a client's description of itself; its address, which is the client's id.

        Its redirect URI names no port, as those of known clients do.
        """
        url = f"{self.origin}{path}"
        usual = {
            "client_id": url,
            "client_name": "Interop client",
            "redirect_uris": ["http://localhost/callback", "http://127.0.0.1/callback"],
            "grant_types": ["authorization_code", "refresh_token"],
            "response_types": ["code"],
            "token_endpoint_auth_method": "none",
        }
        return self.publish(path, {**usual, **metadata})


@contextmanager
def serving_documents(folder: Path) -> Iterator[Documents]:
    """An https server at `localhost` with a certificate of an authority of its own."""
    pages: dict[str, Any] = {}

    async def page(request: Request) -> Response:
        found = pages.get(request.url.path)
        return Response(status_code=404) if found is None else JSONResponse(found)

    authority = Authority(folder)
    app = Starlette(routes=[Route("/{path:path}", page)])
    config = uvicorn.Config(
        app,
        log_level="critical",
        lifespan="off",
        timeout_graceful_shutdown=1,
        ssl_certfile=authority.certificate("localhost"),
        ssl_version=ssl.PROTOCOL_TLS_SERVER,
    )
    server = uvicorn.Server(config)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            origin = f"https://localhost:{listener.getsockname()[1]}"
            yield Documents(origin, authority.file, pages)
        finally:
            server.should_exit = True
            thread.join()
