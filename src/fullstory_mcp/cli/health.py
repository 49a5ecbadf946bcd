"""`fullstory-mcp health`: what a container's health check runs; well unless a server there is not.

Which server to ask stands in the command line of the container's first process. Where that is not
`serve`, there is nothing to ask: one client over stdio, or a command that ends by itself.
"""

import http.client
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

SECONDS = 4.0
HOST, PORT = "127.0.0.1", 8765
"""Where `serve` listens unless it is told otherwise."""

EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - what `serve` was told, not where we listen


def is_well(process: int) -> bool:
    """Whether the server that `process` runs answers /healthz; True where it runs none."""
    try:
        command = Path(f"/proc/{process}/cmdline").read_text(encoding="utf-8").split("\0")
    except OSError:
        return True
    return "serve" not in command or _answers(*_address(command[command.index("serve") :]))


def _address(arguments: Sequence[str]) -> tuple[str, int]:
    """The host and port that `serve` was told, or its own."""
    words = [word for argument in arguments for word in argument.split("=", 1)]
    told = dict(pairwise(words))
    host = told.get("--host", HOST)
    return EVERYWHERE.get(host, host), int(told.get("--port", PORT))


def _answers(host: str, port: int) -> bool:
    connection = http.client.HTTPConnection(host, port, timeout=SECONDS)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
