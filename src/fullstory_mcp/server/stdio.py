"""The stdio door: newline-delimited JSON-RPC on stdin and stdout, one client, one process.

Reads and writes asyncio pipes directly; the SDK's own transport hands every line through two
worker threads. While serving, file descriptor 1 points at stderr, so that nothing but JSON-RPC
can reach the client. Where stdin is no pipe (a file, Windows), the SDK's transport serves.

Requests in flight when stdin ends are answered before the server leaves, so that a shell can
pipe requests in.
"""

import asyncio
import contextvars
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import TracebackType
from typing import Any, Self

import anyio
from mcp.server.stdio import stdio_server
from mcp.shared.message import SessionMessage
from mcp.types import (
    JSONRPCError,
    JSONRPCNotification,
    JSONRPCRequest,
    JSONRPCResponse,
    jsonrpc_message_adapter,
)

from fullstory_mcp.server.mcp import FullstoryServer

MOST_LINE_BYTES = 64 * 1024 * 1024
"""A batch of 50,000 rows in one line fits."""

_ENDLESS = "subscriptions/listen"
_CANCELLED = "notifications/cancelled"

LEAVE_SECONDS = 30.0
"""How long requests in flight may still run after stdin has ended."""


async def serve_stdio(server: FullstoryServer) -> None:
    """Serves one client until it closes stdin."""
    if sys.platform == "win32" or not _is_pipe(0):
        async with stdio_server() as (read, write):
            await server.run(read, write, server.announcing())
        return
    async with _pipes() as (incoming, outgoing):
        await server.run(incoming, outgoing, server.announcing())


def _is_pipe(descriptor: int) -> bool:
    import stat  # noqa: PLC0415 - posix only

    mode = os.fstat(descriptor).st_mode
    return stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode) or stat.S_ISCHR(mode)


class _Pending:
    """The ids of requests read and not yet answered; neither cancelled ones nor endless streams."""

    def __init__(self) -> None:
        self._ids: set[str | int] = set()
        self._none = asyncio.Event()
        self._none.set()

    def read(self, message: Any) -> None:
        if isinstance(message, JSONRPCRequest) and message.method != _ENDLESS:
            self._ids.add(message.id)
            self._none.clear()
        elif isinstance(message, JSONRPCNotification) and message.method == _CANCELLED:
            self._done((message.params or {}).get("requestId"))

    def answered(self, message: Any) -> None:
        if isinstance(message, JSONRPCResponse | JSONRPCError):
            self._done(message.id)

    def _done(self, request_id: Any) -> None:
        self._ids.discard(request_id)
        if not self._ids:
            self._none.set()

    async def all_answered(self) -> None:
        await self._none.wait()


class _Stream:
    """What both directions share: the SDK uses them as context managers."""

    async def aclose(self) -> None:
        """Nothing of its own to close: the pipes belong to `_pipes`."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc_val: BaseException | None,
        exc_tb: TracebackType | None,
    ) -> None:
        await self.aclose()


class _Incoming(_Stream):
    """Messages from stdin, one a line; a line that is no message is passed on as its error."""

    def __init__(self, reader: asyncio.StreamReader, pending: _Pending) -> None:
        self._reader = reader
        self._pending = pending
        self.last_context: contextvars.Context | None = None

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> SessionMessage | Exception:
        try:
            return await self.receive()
        except anyio.EndOfStream:
            raise StopAsyncIteration from None

    async def receive(self) -> SessionMessage | Exception:
        while not (line := await self._line()).strip():
            if not line:
                with anyio.move_on_after(LEAVE_SECONDS):
                    await self._pending.all_answered()
                raise anyio.EndOfStream
        try:
            message = jsonrpc_message_adapter.validate_json(line, by_name=False)
        except ValueError as error:
            return error
        self._pending.read(message)
        return SessionMessage(message)

    async def _line(self) -> bytes:
        try:
            return await self._reader.readline()
        except ValueError:
            # A line past the limit has been dropped; an unparsable one stands in for it.
            return b"{"


class _Outgoing(_Stream):
    """Messages to stdout, one a line."""

    def __init__(self, writer: asyncio.StreamWriter, pending: _Pending) -> None:
        self._writer = writer
        self._pending = pending

    async def send(self, item: SessionMessage, /) -> None:
        text = item.message.model_dump_json(by_alias=True, exclude_unset=True)
        self._writer.write(text.encode() + b"\n")
        await self._writer.drain()
        self._pending.answered(item.message)


@asynccontextmanager
async def _pipes() -> AsyncIterator[tuple[_Incoming, _Outgoing]]:
    loop = asyncio.get_running_loop()
    wire = os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(2, 1)
    reader = asyncio.StreamReader(limit=MOST_LINE_BYTES)
    incoming, _ = await loop.connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(os.dup(0), "rb", buffering=0)
    )
    outgoing, protocol = await loop.connect_write_pipe(asyncio.streams.FlowControlMixin, wire)
    writer = asyncio.StreamWriter(outgoing, protocol, None, loop)
    pending = _Pending()
    try:
        yield _Incoming(reader, pending), _Outgoing(writer, pending)
    finally:
        incoming.close()
        outgoing.close()
