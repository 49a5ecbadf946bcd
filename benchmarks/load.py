"""Load from a client that costs little: raw JSON-RPC over pipes and over kept-alive HTTP."""

import asyncio
import json
import time
from collections.abc import Sequence
from itertools import cycle
from typing import Any

LEGACY = "2025-11-25"
MODERN = "2026-07-28"
IN_FLIGHT = 16


def request(number: int, method: str, params: dict[str, Any], era: str) -> bytes:
    """One JSON-RPC request in the words of an era."""
    if era == MODERN:
        params = {
            **params,
            "_meta": {
                "io.modelcontextprotocol/protocolVersion": MODERN,
                "io.modelcontextprotocol/clientCapabilities": {},
            },
        }
    return json.dumps({"jsonrpc": "2.0", "id": number, "method": method, "params": params}).encode()


CALL = {"name": "get_quotas", "arguments": {}}
INITIALIZE = {
    "protocolVersion": LEGACY,
    "capabilities": {},
    "clientInfo": {"name": "benchmark", "version": "1"},
}


class Stdio:
    """A server process driven over its pipes."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._answers: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._reading = asyncio.create_task(self._read())
        self._number = 0

    @classmethod
    async def start(cls, command: Sequence[str], env: dict[str, str]) -> "Stdio":
        """Spawns the server; its log is dropped."""
        pipe, null = asyncio.subprocess.PIPE, asyncio.subprocess.DEVNULL
        process = await asyncio.create_subprocess_exec(
            *command, stdin=pipe, stdout=pipe, stderr=null, env=env, limit=1 << 24
        )
        return cls(process)

    async def open(self, era: str) -> None:
        """The handshake, in the era that has one."""
        if era == LEGACY:
            await self.ask("initialize", INITIALIZE, era)
            self._write(b'{"jsonrpc":"2.0","method":"notifications/initialized"}')

    async def ask(self, method: str, params: dict[str, Any], era: str) -> dict[str, Any]:
        """One request and its answer."""
        self._number += 1
        answer = self._answers[self._number] = asyncio.get_running_loop().create_future()
        self._write(request(self._number, method, params, era))
        return await answer

    async def close(self) -> None:
        """Ends the process."""
        self._process.kill()
        await self._process.wait()
        self._reading.cancel()

    def _write(self, line: bytes) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(line + b"\n")

    async def _read(self) -> None:
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            message = json.loads(line)
            if "id" in message and (waiting := self._answers.pop(message["id"], None)):
                waiting.set_result(message)


class Http:
    """A server driven over one kept-alive connection per call in flight.

    With `tokens` each call is made with the next of them.
    """

    def __init__(self, port: int, tokens: Sequence[str] = ()) -> None:
        self._port = port
        self._tokens = cycle(tokens) if tokens else None
        self._idle: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []

    async def open(self, era: str) -> None:
        """Nothing: every request stands alone."""

    async def ask(self, method: str, params: dict[str, Any], era: str) -> dict[str, Any]:
        """One request and its answer."""
        body = request(1, method, params, era)
        token = f"authorization: Bearer {next(self._tokens)}\r\n" if self._tokens else ""
        head = (
            f"POST /mcp HTTP/1.1\r\nhost: 127.0.0.1:{self._port}\r\ncontent-type: application/json\r\n"
            f"accept: application/json, text/event-stream\r\nmcp-protocol-version: {era}\r\n"
            f"mcp-method: {method}\r\nmcp-name: {params.get('name', '')}\r\ncontent-length: {len(body)}\r\n"
            f"{token}\r\n"
        )
        reader, writer = self._idle.pop() if self._idle else await self._connect()
        writer.write(head.encode() + body)
        answer = await _read_answer(reader)
        self._idle.append((reader, writer))
        return answer

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_connection("127.0.0.1", self._port, limit=1 << 24)

    async def close(self) -> None:
        """Closes the connections."""
        for _, writer in self._idle:
            writer.close()


async def _read_answer(reader: asyncio.StreamReader) -> dict[str, Any]:
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    if b"transfer-encoding: chunked" in head:
        body = b""
        while size := int(await reader.readline(), 16):
            body += await reader.readexactly(size)
            await reader.readexactly(2)
        await reader.readexactly(2)
    else:
        length = int(head.split(b"content-length:")[1].split(b"\r\n")[0])
        body = await reader.readexactly(length)
    if b"text/event-stream" in head:
        body = next(
            line[5:] for line in body.splitlines() if line.startswith(b"data:") and len(line) > 7
        )
    answer: dict[str, Any] = json.loads(body)
    return answer


async def calls_per_second(client: Stdio | Http, era: str, calls: int) -> float:
    """Small reads, 16 in flight; every answer is looked at."""
    left = iter(range(calls))

    async def worker() -> None:
        for _ in left:
            answer = await client.ask("tools/call", CALL, era)
            if "48120" not in answer["result"]["content"][0]["text"]:
                raise RuntimeError(answer)

    begun = time.perf_counter()
    await asyncio.gather(*(worker() for _ in range(IN_FLIGHT)))
    return calls / (time.perf_counter() - begun)
