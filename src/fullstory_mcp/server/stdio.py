"""The stdio door: newline-delimited JSON-RPC on stdin and stdout, one client, one process.

Reads and writes asyncio pipes directly; the SDK's own transport hands every line through two
worker threads (it serves on Windows). While serving, file descriptor 1 points at stderr, so that
nothing but JSON-RPC can reach the client.

Requests in flight when stdin ends are answered before the server leaves, so that a shell can
pipe requests in. SIGTERM and SIGHUP are taken as that end too, without waiting for answers: what
was opened is closed, and a write already sent is finished.
"""

import asyncio
import contextvars
import sys
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import Self

import anyio
from mcp.server.stdio import stdio_server
from mcp.shared.message import ServerMessageMetadata, SessionMessage
from mcp.types import (
    INVALID_REQUEST,
    PARSE_ERROR,
    ErrorData,
    JSONRPCError,
    JSONRPCRequest,
    JSONRPCResponse,
    jsonrpc_message_adapter,
)
from pydantic import ValidationError

from fullstory_mcp.server.mcp import FullstoryServer
from fullstory_mcp.server.pipes import Write, stdin, stdout

MOST_LINE_BYTES = 64 * 1024 * 1024
"""A batch of 50,000 rows in one line fits."""

LEAVE_SECONDS = 30.0
"""How long requests in flight may still run after stdin has ended."""

LOOK_SECONDS = 0.1
"""How often streams are ended meanwhile: one read last may only just have begun."""


async def serve_stdio(server: FullstoryServer) -> None:
    """Serves one client until it closes stdin."""
    if sys.platform == "win32":
        async with stdio_server() as (read, write):
            await server.run(read, write, server.announcing())
        return
    pending = _Pending()
    async with stdout() as write, stdin(MOST_LINE_BYTES, pending.forget) as reader:
        outgoing = _Outgoing(write, pending)
        incoming = _Incoming(reader, outgoing, pending, server.end_streams)
        await server.run(incoming, outgoing, server.announcing())


class _Pending:
    """How many requests were read and are neither answered nor cancelled."""

    def __init__(self) -> None:
        self._count = 0
        self._none = asyncio.Event()
        self._none.set()

    def read(self) -> None:
        self._count += 1
        self._none.clear()

    async def settled(self) -> None:
        self._count -= 1
        if self._count <= 0:
            self._none.set()

    def forget(self) -> None:
        """From now on nobody waits for an answer."""
        self._count = 0
        self._none.set()

    async def all_settled(self, seconds: float) -> bool:
        """Whether nothing is left, waiting up to so long."""
        with anyio.move_on_after(seconds):
            await self._none.wait()
        return self._none.is_set()


class _Stream:
    """What both directions share: the SDK uses them as context managers."""

    async def aclose(self) -> None:
        """Nothing of its own to close: the pipes belong to `serve_stdio`."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc_val: BaseException | None,
        exc_tb: TracebackType | None,
    ) -> None:
        await self.aclose()


class _Outgoing(_Stream):
    """Messages to stdout, one a line."""

    def __init__(self, write: Write, pending: _Pending) -> None:
        self._write = write
        self._pending = pending

    async def send(self, item: SessionMessage, /) -> None:
        message = item.message
        text = message.model_dump_json(by_alias=True, exclude_unset=True)
        try:
            await self._write(text.encode() + b"\n")
        except OSError:
            # The client no longer listens; the SDK knows this error and drops the message.
            raise anyio.BrokenResourceError from None
        finally:
            if isinstance(message, JSONRPCResponse | JSONRPCError) and message.id is not None:
                await self._pending.settled()


class _Incoming(_Stream):
    """Messages from stdin, one a line; a line that is no message is answered with its error."""

    def __init__(
        self,
        reader: asyncio.StreamReader,
        outgoing: _Outgoing,
        pending: _Pending,
        leaving: Callable[[], None],
    ) -> None:
        self._reader = reader
        self._outgoing = outgoing
        self._pending = pending
        self._leaving = leaving
        self.last_context: contextvars.Context | None = None

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> SessionMessage | Exception:
        try:
            return await self.receive()
        except anyio.EndOfStream:
            raise StopAsyncIteration from None

    async def receive(self) -> SessionMessage | Exception:
        while line := await self._line():
            if line.strip() and (message := await self._message(line)):
                return message
        with anyio.move_on_after(LEAVE_SECONDS):
            while not await self._pending.all_settled(LOOK_SECONDS):
                self._leaving()
        raise anyio.EndOfStream

    async def _message(self, line: bytes) -> SessionMessage | None:
        try:
            message = jsonrpc_message_adapter.validate_json(line, by_name=False)
        except ValidationError as fault:
            with suppress(anyio.BrokenResourceError):
                await self._outgoing.send(_refused(fault))
            return None
        if not isinstance(message, JSONRPCRequest):
            return SessionMessage(message)
        self._pending.read()
        hook = ServerMessageMetadata(on_request_unanswered=self._pending.settled)
        return SessionMessage(message, hook)

    async def _line(self) -> bytes:
        """The next line; b"" at the end; `_TOO_LONG` for one past the limit."""
        whole = True
        while True:
            try:
                line = await self._reader.readuntil(b"\n")
            except asyncio.LimitOverrunError as overrun:
                await self._reader.readexactly(overrun.consumed)
                whole = False
            except asyncio.IncompleteReadError as ended:
                return ended.partial if whole else _TOO_LONG
            else:
                return line if whole else _TOO_LONG


_TOO_LONG = b"{"
"""Stands in for a line past the limit: it is no JSON either."""


def _refused(fault: ValidationError) -> SessionMessage:
    """JSON-RPC's answer to a line that is no message; it repeats nothing of the line."""
    kind = fault.errors(include_input=False, include_context=False, include_url=False)[0]["type"]
    error = (
        ErrorData(code=PARSE_ERROR, message="Parse error: one JSON-RPC message a line is expected")
        if kind == "json_invalid"
        else ErrorData(code=INVALID_REQUEST, message="Invalid request: not a JSON-RPC message")
    )
    return SessionMessage(JSONRPCError(jsonrpc="2.0", id=None, error=error))
