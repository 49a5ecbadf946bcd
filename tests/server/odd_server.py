"""A server whose connection to the API misbehaves; a program: `odd_server.py stdio|http print|raise`.

Everything but the transport is the real thing. The transport answers by itself; told to `raise`,
it repeats the key in exceptions wherever one can arise: on the first question for the level, on
every other request, in the middle of a body, and when it is closed.
"""

import os
import sys
from collections.abc import AsyncIterator

import anyio
import httpx2 as httpx

from fullstory_mcp.cli.serving import _readiness
from fullstory_mcp.server.http import application, run
from fullstory_mcp.server.logs import to_stderr
from fullstory_mcp.server.stdio import serve_stdio
from fullstory_mcp.settings import Settings
from fullstory_mcp.wiring import Seams, assembled


def spill() -> RuntimeError:
    """An exception as a careless library would raise it: the whole key, and pieces of it."""
    key = os.environ["FULLSTORY_API_KEY"]
    return RuntimeError(f"cannot send Authorization: Basic {key} ({key[8:24]}… and …{key[-12:]})")


class _Spilling(httpx.AsyncByteStream):
    """A body that breaks in its middle."""

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield b'{"half":'
        raise spill()


class Odd(httpx.AsyncBaseTransport):
    """Answers as told by the program's second argument."""

    def __init__(self, mischief: str) -> None:
        self._raises = mischief == "raise"
        self._level_asked = False

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """A role for `/me`, when it is asked again; for anything else mischief."""
        path = request.url.path
        if path == "/me" and (self._level_asked or not self._raises):
            return httpx.Response(200, json={"role": "ADMIN"})
        self._level_asked = True
        if not self._raises:
            print("a stray print")  # noqa: T201 - the point
            os.write(1, b"a stray write\n")
            return httpx.Response(200, json={"calm": True})
        if path.startswith("/v2/users/"):
            return httpx.Response(200, stream=_Spilling())
        raise spill()

    async def aclose(self) -> None:
        """Even closing fails, when the process is about to end."""
        if self._raises:
            raise spill()


async def main(door: str, mischief: str) -> None:
    """Puts the server together as the commands do."""
    settings = Settings.read()
    async with assembled(settings, Seams(lambda: Odd(mischief))) as parts:
        to_stderr(settings.log_level, parts.keys.current)
        if door == "stdio":
            await serve_stdio(parts.server)
        else:
            await run(application(parts.server, _readiness(parts)), "127.0.0.1", 0)


if __name__ == "__main__":
    anyio.run(main, *sys.argv[1:])
