"""Standard input and output as the event loop can use them: pipes and terminals, files too.

Only bytes here; messages are `stdio`'s. Not for Windows, whose pipes no event loop watches.
"""

import asyncio
import os
import signal
import stat
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

Write = Callable[[bytes], Awaitable[None]]
"""Writes all of its bytes before it returns. Raises OSError where nobody reads any more."""


@asynccontextmanager
async def stdin(
    most_line_bytes: int, stopped: Callable[[], None]
) -> AsyncIterator[asyncio.StreamReader]:
    """Standard input as a stream; SIGTERM and SIGHUP end it, after `stopped` was called."""
    reader = asyncio.StreamReader(limit=most_line_bytes)
    if not _can_wait(0):
        with os.fdopen(os.dup(0), "rb") as file:
            reader.feed_data(file.read())
        reader.feed_eof()
        yield reader
        return
    loop = asyncio.get_running_loop()
    pipe, _ = await loop.connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(os.dup(0), "rb", buffering=0)
    )

    def stop() -> None:
        stopped()
        pipe.close()

    for number in (signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, stop)
    try:
        yield reader
    finally:
        pipe.close()


@asynccontextmanager
async def stdout() -> AsyncIterator[Write]:
    """Standard output for this door alone: from here on file descriptor 1 is stderr."""
    wire = os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(2, 1)
    if not _can_wait(wire.fileno()):
        with wire:
            yield _straight(wire.fileno())
        return
    loop = asyncio.get_running_loop()
    pipe, protocol = await loop.connect_write_pipe(asyncio.streams.FlowControlMixin, wire)
    writer = asyncio.StreamWriter(pipe, protocol, None, loop)
    # Otherwise `drain` returns with up to 64 KiB unwritten, which are lost when the process ends.
    pipe.set_write_buffer_limits(high=0)

    async def write(data: bytes) -> None:
        writer.write(data)
        await writer.drain()

    try:
        yield write
    finally:
        pipe.close()


def _straight(descriptor: int) -> Write:
    """Writes to a file, which never makes anyone wait."""

    async def write(data: bytes) -> None:
        view = memoryview(data)
        while view:
            view = view[os.write(descriptor, view) :]

    return write


def _can_wait(descriptor: int) -> bool:
    """Whether the event loop can watch this: a pipe, a socket or a terminal; no file can be."""
    mode = os.fstat(descriptor).st_mode
    return stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode) or os.isatty(descriptor)
