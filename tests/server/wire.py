"""The wire by hand: messages and HTTP requests that no well-behaved client would send."""

import json
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any, Self

from server.doors import LEGACY, MODERN, PROGRAM

NO_CAPABILITIES: dict[str, Any] = {}
FORMS = {"elicitation": {"form": {}}}
"""A client that can show its user a form."""


def message(
    method: str,
    params: dict[str, Any] | None = None,
    era: str = MODERN,
    number: int | str = 1,
    capabilities: dict[str, Any] = NO_CAPABILITIES,
) -> dict[str, Any]:
    """One request as a client of that era would write it."""
    given = dict(params or {})
    if era == MODERN:
        given["_meta"] = {
            **given.get("_meta", {}),
            "io.modelcontextprotocol/protocolVersion": MODERN,
            "io.modelcontextprotocol/clientInfo": {"name": "by-hand", "version": "1"},
            "io.modelcontextprotocol/clientCapabilities": capabilities,
        }
    return {"jsonrpc": "2.0", "id": number, "method": method, "params": given}


def asked(
    method: str, params: dict[str, Any] | None = None, era: str = MODERN, **given: Any
) -> dict[str, Any]:
    """The keyword arguments of an HTTP POST that carries `message`."""
    headers = {
        "Accept": "application/json, text/event-stream",
        "Content-Type": "application/json",
        "MCP-Protocol-Version": era,
    }
    if era == MODERN:
        headers["Mcp-Method"] = method
        if name := (params or {}).get("name"):
            headers["Mcp-Name"] = name
    return {"headers": headers, "content": json.dumps(message(method, params, era, **given))}


def opening(capabilities: dict[str, Any] = NO_CAPABILITIES) -> list[str]:
    """How a client of the handshake era begins on stdio."""
    hello = {
        "protocolVersion": LEGACY,
        "capabilities": capabilities,
        "clientInfo": {"name": "by-hand", "version": "1"},
    }
    return [
        json.dumps(message("initialize", hello, LEGACY, "hello")),
        json.dumps({"jsonrpc": "2.0", "method": "notifications/initialized"}),
    ]


def answer(text: str) -> dict[str, Any]:
    """The JSON-RPC response in an HTTP body, plain or as the last event of a stream."""
    events = [line[5:] for line in text.splitlines() if line.startswith("data:")]
    parsed: dict[str, Any] = json.loads(events[-1] if events else text)
    return parsed


class ByHand:
    """A stdio client that is nothing but two pipes; `folder` takes the server's log.

    A server that still runs after a minute is killed, so that no test waits for ever.
    """

    def __init__(self, folder: Path, env: dict[str, str], *command: str) -> None:
        self._errors = folder / "stdio.log"
        with self._errors.open("wb") as errors:
            self.process = subprocess.Popen(
                [sys.executable, *(command or (*PROGRAM, "stdio"))],
                env=env,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
            )
        self._watchdog = threading.Timer(60, self.process.kill)
        self._watchdog.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with self.process:
            self.process.terminate()
        self._watchdog.cancel()

    def say(self, *lines: str) -> None:
        """Sends lines and expects nothing."""
        self.process.stdin.write("".join(f"{line}\n" for line in lines).encode())
        self.process.stdin.flush()

    def ask(self, line: str) -> dict[str, Any]:
        """Sends a request and reads until its answer; what comes before it is dropped."""
        self.say(line)
        wanted = json.loads(line)["id"]
        while True:
            row: dict[str, Any] = json.loads(self.process.stdout.readline())
            if row.get("id") == wanted:
                return row

    def log(self) -> str:
        """What the server has written to stderr."""
        return self._errors.read_text()
