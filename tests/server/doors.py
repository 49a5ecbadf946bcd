"""Real doors for tests: server processes over stdio and HTTP, and the sandbox behind a socket.

Nothing here knows what a test wants to prove; it starts, connects and stops.
"""

import os
import re
import socket
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import anyio
import httpx2 as httpx
import uvicorn
from mcp import Client
from mcp.client.stdio import StdioServerParameters, stdio_client

from fullstory_mcp.sandbox import Sandbox, create_app

MODERN, LEGACY = "2026-07-28", "2025-11-25"
MODES = {MODERN: "auto", LEGACY: "legacy"}
"""Protocol version -> how the SDK's client is told to get it."""

HIDDEN = "create_annotation"
"""The one tool that the shared doors are told to exclude."""

STARTS_IN = 20.0
"""Seconds; a loaded machine may need several."""

PROGRAM = ("-m", "fullstory_mcp")


@dataclass(frozen=True)
class Api:
    """The sandbox as a server of its own, so that faults can be set and requests counted."""

    url: str
    sandbox: Sandbox

    def asked(self, *, me: bool = False) -> list[str]:
        """What reached it, as `METHOD /raw/path`; questions after the level only with `me`."""
        rows = [f"{request.method} {request.path}" for request in self.sandbox.requests]
        return [row for row in rows if me or row != "GET /me"]

    def reset(self) -> None:
        """Forgets faults and requests, not the world."""
        self.sandbox.faults.clear()
        self.sandbox.requests.clear()


@contextmanager
def serving_api() -> Iterator[Api]:
    """Serves a sandbox from a thread; its jobs are done at once."""
    app = create_app(job_seconds=0.2)
    config = uvicorn.Config(app, log_level="critical", lifespan="off", timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            yield Api(f"http://127.0.0.1:{listener.getsockname()[1]}", app.state.sandbox)
        finally:
            server.should_exit = True
            thread.join()


def environment(api: Api | None = None, level: str = "admin", **settings: str) -> dict[str, str]:
    """A server process's environment: ours without a developer's settings, a key, the API."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith("FULLSTORY_")}
    named = {"FULLSTORY_API_KEY": f"na1.sandbox-{level}", "FULLSTORY_MCP_LOG_LEVEL": "info"}
    if api is not None:
        named |= {"FULLSTORY_API_URL": api.url, "FULLSTORY_EXPORT_URL": api.url}
    return ours | named | settings


@dataclass(frozen=True)
class Served:
    """A running HTTP door."""

    url: str
    process: subprocess.Popen[bytes]
    errors: Path

    @property
    def mcp(self) -> str:
        """The address an MCP client is given."""
        return f"{self.url}/mcp"

    def log(self) -> str:
        """What it has written to stderr."""
        return self.errors.read_text()


@contextmanager
def serving(folder: Path, env: dict[str, str], *command: str) -> Iterator[Served]:
    """Starts an HTTP door on a free port and stops it; `command` follows the interpreter."""
    errors = folder / f"http-{time.monotonic_ns()}.log"
    arguments = [sys.executable, *(command or (*PROGRAM, "serve", "--port", "0"))]
    with (
        errors.open("wb") as file,
        subprocess.Popen(arguments, env=env, stdout=file, stderr=file) as process,
    ):
        try:
            yield Served(_address(process, errors), process, errors)
        finally:
            process.terminate()


def _address(process: subprocess.Popen[bytes], errors: Path) -> str:
    end = time.monotonic() + STARTS_IN
    while time.monotonic() < end and process.poll() is None:
        if found := re.search(r"running on (http://\S+:\d+)", errors.read_text()):
            return found[1]
        time.sleep(0.01)
    raise AssertionError(f"the server did not start:\n{errors.read_text()}")


def spawned(env: dict[str, str], *command: str) -> StdioServerParameters:
    """How an MCP client starts a stdio door; `command` follows the interpreter."""
    arguments = list(command or (*PROGRAM, "stdio"))
    return StdioServerParameters(command=sys.executable, args=arguments, env=env)


@dataclass(frozen=True)
class Door:
    """One door in one protocol era, for the SDK's client."""

    kind: str
    era: str
    env: dict[str, str]
    served: Served
    errors: Path

    @asynccontextmanager
    async def connected(self, **client: Any) -> AsyncIterator[Client]:
        """A client: of the running HTTP server, or of a stdio process of its own."""
        given = {"mode": MODES[self.era], **client}
        if self.kind == "http":
            async with Client(self.served.mcp, **given) as connection:
                yield connection
            return
        with self.errors.open("ab") as file:
            async with Client(stdio_client(spawned(self.env), errlog=file), **given) as connection:
                yield connection

    def log(self) -> str:
        """What its server has written to stderr."""
        return self.served.log() if self.kind == "http" else self.errors.read_text()


def piped(
    lines: list[str] | bytes, env: dict[str, str], *command: str, seconds: float = STARTS_IN
) -> subprocess.CompletedProcess[bytes]:
    """Pipes lines into a stdio door, as a shell would, and waits until it leaves."""
    given = lines if isinstance(lines, bytes) else "".join(f"{line}\n" for line in lines).encode()
    arguments = [sys.executable, *(command or (*PROGRAM, "stdio"))]
    return subprocess.run(
        arguments, input=given, env=env, capture_output=True, timeout=seconds, check=False
    )


def http_client(served: Served, **given: Any) -> httpx.AsyncClient:
    """A plain HTTP client of a door."""
    return httpx.AsyncClient(base_url=served.url, timeout=STARTS_IN, **given)


async def until(true: Callable[[], bool]) -> None:
    """Waits for what another process or thread will bring about."""
    with anyio.fail_after(STARTS_IN):
        while not true():  # noqa: ASYNC110 - nobody there could set an event here
            await anyio.sleep(0.02)
