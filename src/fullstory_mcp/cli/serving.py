"""Starts the doors: stdio, HTTP, and the sandbox alone."""

import gc
import os
import sys
from collections.abc import Awaitable, Callable

import anyio
import click
from anyio.abc import SocketAttribute

from fullstory_mcp.access import KeySource
from fullstory_mcp.audit import exporting
from fullstory_mcp.errors import OperatorError, SettingsError
from fullstory_mcp.principal import Principal
from fullstory_mcp.server.logs import to_stderr
from fullstory_mcp.settings import Settings, is_loopback
from fullstory_mcp.wiring import (
    NETWORK,
    SANDBOX_URL,
    Parts,
    Seams,
    assembled,
    hosted,
    sandbox_seams,
)

SANDBOX_KEY = "na1.sandbox-admin"


def configured(*, sandbox: bool) -> tuple[Settings, Seams]:
    """Settings and seams for a command; the sandbox never sees a real key.

    Raises:
        SettingsError: a setting cannot be used.
    """
    if not sandbox:
        return Settings.read(), NETWORK
    given = os.environ.get("FULLSTORY_API_KEY", "")
    key = given if given.startswith("na1.sandbox-") else SANDBOX_KEY
    settings = Settings.read(
        FULLSTORY_API_KEY=key,
        FULLSTORY_API_KEY_FILE=None,
        FULLSTORY_API_URL=SANDBOX_URL,
        FULLSTORY_EXPORT_URL=SANDBOX_URL,
    )
    return settings, sandbox_seams()


def settle() -> None:
    """Ends the start: what was imported stays for good and is no more looked at by the collector."""
    gc.freeze()
    gc.enable()


def run_stdio(*, sandbox: bool) -> None:
    """Serves stdin and stdout until the client closes stdin."""
    from fullstory_mcp.server.stdio import serve_stdio  # noqa: PLC0415

    settings, seams = configured(sandbox=sandbox)

    async def serve() -> None:
        async with assembled(settings, seams) as parts:
            to_stderr(settings.log_level, parts.keys.current)
            settle()
            if sys.stdin.isatty():
                _announce("waiting for an MCP client on stdin; `fullstory-mcp demo` shows one")
            await serve_stdio(parts.server)

    anyio.run(serve)


def run_http(*, sandbox: bool, host: str, port: int) -> None:
    """Serves HTTP until stopped: one key on loopback, or many people behind the front door.

    Raises:
        SettingsError: `host` is not a loopback address and there is no front door, the port is taken,
            or the front door lacks something.
    """
    settings, seams = configured(sandbox=sandbox)
    if settings.mode == "none" and not is_loopback(host):
        raise SettingsError(
            f"--host {host}: without the OAuth front door this server binds to a loopback address "
            "only, because whoever reaches it acts with its key. Use 127.0.0.1, or set "
            "FULLSTORY_MCP_PUBLIC_URL to open the front door."
        )
    serve = _one_key if settings.mode == "none" else _many
    with exporting():
        anyio.run(serve, settings, seams, host, port)


async def _one_key(settings: Settings, seams: Seams, host: str, port: int) -> None:
    from fullstory_mcp.server.http import application, run  # noqa: PLC0415

    async with assembled(settings, seams, caller="http") as parts:
        to_stderr(settings.log_level, parts.keys.current, settings.log_format)
        settle()
        listening = await _free_port(host, port)
        _announce(f"serving http://{_bracketed(host)}:{listening}/mcp")
        await run(application(parts.server, _readiness(parts)), host, listening)


async def _many(settings: Settings, seams: Seams, host: str, port: int) -> None:
    from fullstory_mcp.server.http import application, run  # noqa: PLC0415

    to_stderr(settings.log_level, KeySource(settings).current, settings.log_format)
    async with hosted(settings, seams) as parts:
        await parts.door.check()
        settle()
        listening = await _free_port(host, port)
        _announce(f"serving {settings.public_url}/mcp on {_bracketed(host)}:{listening}")
        await run(application(parts.server, parts.door.ready, parts.door), host, listening)


def _readiness(parts: Parts) -> Callable[[], Awaitable[str]]:
    """Ready means: there is a key and Fullstory said what it may do."""

    async def why_not() -> str:
        try:
            principal = Principal(parts.keys.current())
        except OperatorError as error:
            return str(error)
        standing = await parts.pipeline.levels.standing(principal)
        return "" if standing.certain else standing.known_by

    return why_not


def run_sandbox(*, port: int) -> None:
    """Serves the fake API on 127.0.0.1 until stopped.

    Raises:
        SettingsError: the port is taken.
    """
    from fullstory_mcp.sandbox import create_app  # noqa: PLC0415
    from fullstory_mcp.server.http import run  # noqa: PLC0415

    host = "127.0.0.1"

    async def serve() -> None:
        listening = await _free_port(host, port)
        _announce(f"the sandbox, all of it invented, is at http://{host}:{listening}")
        await run(create_app(), host, listening)

    anyio.run(serve)


async def _free_port(host: str, port: int) -> int:
    """The port to listen on: `port` itself, a free one for 0.

    Tried before uvicorn does, which would log a line and end the process by itself.
    """
    try:
        listener = await anyio.create_tcp_listener(local_host=host, local_port=port)
    except OSError as error:
        why = (error.strerror or str(error)).lower()
        raise SettingsError(
            f"--port {port}: cannot listen on {host}: {why}. Choose another with --port."
        ) from None
    async with listener:
        return int(listener.extra(SocketAttribute.local_port))


def _announce(what: str) -> None:
    """Tells whoever started it by hand, on stderr, since nothing else would."""
    click.echo(f"fullstory-mcp: {what} (Ctrl-C ends it)", err=True)


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host
