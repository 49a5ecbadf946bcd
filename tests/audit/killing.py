"""Kills a stdio server in the middle of its calls, again and again: `python killing.py KILLS WRITES`.

Each server is a process of its own that runs the real command, forked from this one after everything
is imported. It is asked for writes all at once, and killed (SIGKILL) at some moment of them.
"""

import json
import os
import random
import select
import signal
import sys

from fullstory_mcp.cli.main import main

# What the command would import when it runs, so that it is not imported a hundred times.
from fullstory_mcp.cli.serving import run_stdio
from fullstory_mcp.server.stdio import serve_stdio
from fullstory_mcp.upstream.network import transport

PRELOADED = (run_stdio, serve_stdio, transport)

MOST_SECONDS = 0.22
"""When the last of them is killed; their writes take about so long."""

INITIALIZE = {
    "protocolVersion": "2025-06-18",
    "capabilities": {},
    "clientInfo": {"name": "killing", "version": "1"},
}


def message(method: str, params: object, number: int | None = None) -> bytes:
    """One line of JSON-RPC."""
    told = {"jsonrpc": "2.0", "method": method, "params": params}
    return json.dumps(told if number is None else told | {"id": number}).encode() + b"\n"


def started() -> tuple[int, int, int]:
    """A server: its process, where to write to it, where to read from it."""
    (theirs_in, ours_out), (ours_in, theirs_out) = os.pipe(), os.pipe()
    if process := os.fork():
        os.close(theirs_in)
        os.close(theirs_out)
        return process, ours_out, ours_in
    os.dup2(theirs_in, 0)
    os.dup2(theirs_out, 1)
    for end in (theirs_in, theirs_out, ours_in, ours_out):
        os.close(end)
    main(["stdio"])
    os._exit(0)


def killed(number: int, writes: int, seconds: float) -> None:
    """One server, killed so many seconds after it was given its writes."""
    process, out, back = started()
    os.write(out, message("initialize", INITIALIZE, 0))
    os.read(back, 65_536)
    calls = [message("notifications/initialized", {})]
    for write in range(writes):
        asked = {"name": "create_user", "arguments": {"uid": f"kill-{number}-{write}"}}
        calls.append(message("tools/call", asked, write + 1))
    os.write(out, b"".join(calls))
    # Nothing is ever readable here: it is a wait, and the answers do not matter.
    select.select([], [], [], seconds)
    os.kill(process, signal.SIGKILL)
    os.waitpid(process, 0)
    os.close(out)
    os.close(back)


if __name__ == "__main__":
    kills, writes = map(int, sys.argv[1:])
    chance = random.Random(1)  # noqa: S311 - when to kill is no secret
    for number in range(kills):
        killed(number, writes, chance.uniform(0, MOST_SECONDS))
