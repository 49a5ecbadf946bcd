"""Measures what the front door costs a call: authentication on beside authentication off, in one run.

    python benchmarks/front_door.py [--rounds 15] [--calls 200]

Four servers of ours run side by side and take turns: without a front door; behind one with 10
tokens stored; with 10,000 stored and the same number in use; and with 10,000 stored and a different
one for each call, which is the worst case: none is still held from an earlier call. What is compared
is the median of the turns' ratios to the first. Upstream answers at once, and none keeps an audit,
whose cost benchmarks/audit.py measures.
"""

import asyncio
import base64
import hashlib
import secrets
import socket
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from sqlalchemy import insert

from fullstory_mcp.principal import SCOPES, ApiKey
from fullstory_mcp.sealing import Sealer
from fullstory_mcp.storage import Database, connections, keys, migrate
from fullstory_mcp.storage.tables import tokens as tokens_table
from load import LEGACY, MODERN, Http, calls_per_second
from run import OURS, WARM_UP, environment, listening, rounds_and_calls, row, start_upstream

IN_USE = 10
STORED = 10_000
SERVERS = {
    "without a front door": (0, 0),
    f"{IN_USE} tokens stored": (IN_USE, IN_USE),
    f"{STORED:,} tokens stored": (STORED, IN_USE),
    f"{STORED:,} stored, each call another": (STORED, STORED),
}
"""What -> tokens stored, tokens in use."""


def stored(url: str, secret: bytes, count: int) -> list[str]:
    """`count` access tokens, each of a connection of its own; they share a key, as a team does."""
    database = Database(url)
    migrate.upgrade(database)
    sealer, now = Sealer([secret]), int(time.time())
    made = [f"fsmcp_at_{secrets.token_urlsafe(32)}" for _ in range(count)]
    with database.begin() as tx:
        key_id = keys.add(tx, sealer, ApiKey("na1.benchmark-key"), now)
        for number, token in enumerate(made):
            connections.create(tx, _connection(str(number), key_id, now))
            row = {
                "hash": hashlib.sha256(token.encode()).hexdigest(),
                "kind": "access",
                "connection_id": str(number),
                "scopes": " ".join(SCOPES),
                "created_at": now,
                "expires_at": now + 86_400,
            }
            tx.execute(insert(tokens_table).values(row))
    database.close()
    return made


def _connection(name: str, key_id: str, now: int) -> connections.Connection:
    return connections.Connection(
        id=name,
        owner=f"key:{name}",
        person=f"Person {name}",
        claims=None,
        client_id="benchmark",
        client_name="Benchmark",
        client_host="",
        redirect_host="127.0.0.1",
        api_key_id=key_id,
        named_key=None,
        scopes=" ".join(SCOPES),
        withheld="",
        resource="http://127.0.0.1/mcp",
        created_at=now,
    )


@asynccontextmanager
async def serving(env: dict[str, str], tokens: list[str]) -> AsyncIterator[Http]:
    """A client of a server of its own."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = await asyncio.create_subprocess_exec(
        *OURS, "serve", "--port", str(port), env=env, stderr=asyncio.subprocess.DEVNULL
    )
    try:
        await listening(port)
        client = Http(port, tokens)
        yield client
        await client.close()
    finally:
        process.terminate()
        await process.wait()


def front_door(url: str, secret: bytes) -> dict[str, str]:
    """The settings of a server behind its front door, with no limit on calls."""
    return {
        "FULLSTORY_MCP_PUBLIC_URL": "http://127.0.0.1",
        "FULLSTORY_MCP_DATABASE_URL": url,
        "FULLSTORY_MCP_SECRET_KEYS": base64.b64encode(secret).decode(),
        "FULLSTORY_MCP_CLIENT_CALLS_PER_MINUTE": "0",
        "FULLSTORY_MCP_KEY_CALLS_PER_MINUTE": "0",
    }


async def measured(
    era: str, clients: dict[str, Http], rounds: int, calls: int
) -> dict[str, list[float]]:
    """Calls a second of each server, turn by turn."""
    for client in clients.values():
        await calls_per_second(client, era, WARM_UP)
    turns: dict[str, list[float]] = {name: [] for name in clients}
    for _ in range(rounds):
        for name, client in clients.items():
            turns[name].append(await calls_per_second(client, era, calls))
    return turns


async def main(rounds: int, calls: int) -> None:
    """Prints the table."""
    upstream, api = await start_upstream()
    secret = secrets.token_bytes(32)
    try:
        async with AsyncExitStack() as stack:
            folder = stack.enter_context(tempfile.TemporaryDirectory())
            clients = {}
            for name, (count, in_use) in SERVERS.items():
                env, tokens = environment(api), []
                if count:
                    url = f"sqlite:///{folder}/{len(clients)}.db"
                    tokens = stored(url, secret, count)[:in_use]
                    env |= front_door(url, secret) | {"FULLSTORY_MCP_AUDIT": "off"}
                clients[name] = await stack.enter_async_context(serving(env, tokens))
            for era in (LEGACY, MODERN):
                print(f"{era:<42}{'calls/s':>9}  {'ratio':>6}")
                turns = await measured(era, clients, rounds, calls)
                bare = turns["without a front door"]
                for name, figures in turns.items():
                    pairs = list(zip(figures, bare, strict=True))
                    _, ours, _, ratio, _ = row(name, pairs, "calls/s")
                    print(f"{name:<42}{ours:>9.0f}  {ratio:>6.2f}", flush=True)
    finally:
        upstream.kill()
        await upstream.wait()


if __name__ == "__main__":
    asyncio.run(main(*rounds_and_calls(__doc__)))
