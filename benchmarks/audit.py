"""Measures what the audit costs a call: audit on beside audit off, in one run.

    python benchmarks/audit.py [--rounds 15] [--calls 200]

Four servers of ours run side by side and take turns: for one key, without an audit and with one in a
file of JSON Lines; behind the front door, without an audit and with one in its database (SQLite).
What is compared is the median of the turns' ratios of the one with to the one without. The calls are
small reads, 16 in flight; upstream answers at once.
"""

import asyncio
import secrets
import sys
import tempfile
from contextlib import AsyncExitStack
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from front_door import IN_USE, front_door, measured, serving, stored
from load import LEGACY, MODERN
from run import environment, rounds_and_calls, row, start_upstream

PAIRS = (("one key, a file", "one key, no audit"), ("hosted, database", "hosted, no audit"))
"""With -> without."""


def prepared(folder: str, api: str) -> dict[str, tuple[dict[str, str], list[str]]]:
    """What each server is started with, and the tokens it is called with."""
    env, off = environment(api), {"FULLSTORY_MCP_AUDIT": "off"}
    servers = {
        "one key, no audit": (env | off, list[str]()),
        "one key, a file": (env | {"FULLSTORY_MCP_AUDIT_FILE": f"{folder}/audit.jsonl"}, []),
    }
    for name, more in (("hosted, no audit", off), ("hosted, database", {})):
        url, secret = f"sqlite:///{folder}/{len(servers)}.db", secrets.token_bytes(32)
        tokens = stored(url, secret, IN_USE)
        servers[name] = env | front_door(url, secret) | more, tokens
    return servers


async def main(rounds: int, calls: int) -> None:
    """Prints the table."""
    upstream, api = await start_upstream()
    try:
        async with AsyncExitStack() as stack:
            folder = stack.enter_context(tempfile.TemporaryDirectory())
            clients = {
                name: await stack.enter_async_context(serving(env, tokens))
                for name, (env, tokens) in prepared(folder, api).items()
            }
            for era in (LEGACY, MODERN):
                print(f"{era:<22}{'calls/s':>9}{'without':>9}  {'ratio':>6}")
                turns = await measured(era, clients, rounds, calls)
                for name, bare in PAIRS:
                    pairs = list(zip(turns[name], turns[bare], strict=True))
                    _, ours, other, ratio, _ = row(name, pairs, "calls/s")
                    print(f"{name:<22}{ours:>9.0f}{other:>9.0f}  {ratio:>6.2f}", flush=True)
    finally:
        upstream.kill()
        await upstream.wait()


if __name__ == "__main__":
    asyncio.run(main(*rounds_and_calls(__doc__)))
