"""Measures this server beside a bare one of the same library, in one run; prints ratios.

    python benchmarks/run.py [--rounds 15] [--calls 200]

Both servers run side by side and take turns, a short burst of calls each; what is compared is the
median of the turns' ratios, because machines are noisy and noise falls on both. Compared are the
cold start to the answer of tools/list over stdio (`GET /me` included), and small reads a second
with 16 in flight, over stdio and over stateless HTTP, in both protocol eras. Upstream is a process
of its own that answers at once.
"""

import argparse
import asyncio
import json
import os
import socket
import statistics
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from load import LEGACY, MODERN, Http, Stdio, calls_per_second

HERE = Path(__file__).parent
OURS = [sys.executable, "-m", "fullstory_mcp"]
BARE = [sys.executable, str(HERE / "bare.py")]
COMMANDS = {"ours": OURS, "bare": BARE}

Row = tuple[str, float, float, float, str]
"""What, ours, bare, ratio, unit."""

WARM_UP = 200


async def start_upstream() -> tuple[asyncio.subprocess.Process, str]:
    """The stand-in API and its address."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, str(HERE / "upstream.py"), stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    port = int(await process.stdout.readline())
    return process, f"http://127.0.0.1:{port}"


def environment(api: str) -> dict[str, str]:
    """What both servers are started with."""
    return os.environ | {
        "FULLSTORY_API_URL": api,
        "FULLSTORY_EXPORT_URL": api,
        "FULLSTORY_API_KEY": "na1.benchmark-key",
    }


async def cold_start(command: list[str], env: dict[str, str], era: str) -> float:
    """Milliseconds from spawn to the answer of tools/list."""
    begun = time.perf_counter()
    client = await Stdio.start([*command, "stdio"], env)
    await client.open(era)
    answer = await client.ask("tools/list", {}, era)
    took = (time.perf_counter() - begun) * 1000
    await client.close()
    if not answer["result"]["tools"]:
        raise RuntimeError("no tools")
    return took


@asynccontextmanager
async def over_stdio(name: str, env: dict[str, str]) -> AsyncIterator[Stdio]:
    """A client of a server of its own, over its pipes."""
    client = await Stdio.start([*COMMANDS[name], "stdio"], env)
    try:
        yield client
    finally:
        await client.close()


@asynccontextmanager
async def over_http(name: str, env: dict[str, str]) -> AsyncIterator[Http]:
    """A client of a server of its own, over HTTP."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    arguments = ["serve", "--port", str(port)] if name == "ours" else ["http", str(port)]
    process = await asyncio.create_subprocess_exec(
        *COMMANDS[name], *arguments, env=env, stderr=asyncio.subprocess.DEVNULL
    )
    try:
        await listening(port)
        client = Http(port)
        yield client
        await client.close()
    finally:
        process.terminate()
        await process.wait()


async def listening(port: int) -> None:
    """Returns once something listens there."""
    for _ in range(200):
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            await asyncio.sleep(0.05)
            continue
        writer.close()
        return
    raise RuntimeError("the server did not start")


Door = Callable[[str, dict[str, str]], AbstractAsyncContextManager[Stdio | Http]]


async def rates(door: Door, env: dict[str, str], era: str, rounds: int, calls: int) -> Row:
    """Calls a second of both, taking turns; the ratio is the median of the turns'."""
    async with door("ours", env) as ours, door("bare", env) as bare:
        for client in (ours, bare):
            await client.open(era)
            await calls_per_second(client, era, WARM_UP)
        turns = [
            (await calls_per_second(ours, era, calls), await calls_per_second(bare, era, calls))
            for _ in range(rounds)
        ]
    return row(f"{door.__name__.replace('_', ' ')}, 16 in flight, {era}", turns, "calls/s")


async def starts(env: dict[str, str], era: str, rounds: int) -> Row:
    """Cold starts of both, taking turns."""
    turns = [
        (await cold_start(OURS, env, era), await cold_start(BARE, env, era)) for _ in range(rounds)
    ]
    return row(f"cold start, {era}", turns, "ms")


def row(what: str, turns: list[tuple[float, float]], unit: str) -> Row:
    """A line of the table: both medians, and the median of the turns' ratios."""
    ours, bare = (statistics.median(figures) for figures in zip(*turns, strict=True))
    return what, ours, bare, statistics.median(one / other for one, other in turns), unit


def rounds_and_calls(text: str | None) -> tuple[int, int]:
    """What the command line asks for; `text` is what its help says."""
    parser = argparse.ArgumentParser(
        description=text, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--calls", type=int, default=200)
    given = parser.parse_args()
    return given.rounds, given.calls


async def main(rounds: int, calls: int) -> None:
    """Prints the table."""
    upstream, api = await start_upstream()
    env = environment(api)
    print(f"{'measured':<42}{'ours':>9}{'bare':>9}  {'ratio':>6}")
    try:
        for era in (LEGACY, MODERN):
            tell(await starts(env, era, rounds))
            for door in (over_stdio, over_http):
                tell(await rates(door, env, era, rounds, calls))
    finally:
        upstream.kill()
        await upstream.wait()
    for level, size in tokens():
        print(f"{f'tools/list of {level}':<42}{size:>9}{'':>17}  tokens")


def tell(line: Row) -> None:
    """Prints one line of the table."""
    what, ours, bare, ratio, unit = line
    print(f"{what:<42}{ours:>9.0f}{bare:>9.0f}  {ratio:>6.2f}  {unit}", flush=True)


def tokens() -> list[tuple[str, int]]:
    """The size of the tool list each level is served: o200k tokens of its compact JSON."""
    from rs_bpe.bpe import openai

    from fullstory_mcp.catalogue import load_catalogue, served_tool
    from fullstory_mcp.principal import LEVELS

    count = openai.o200k_base().count
    tools = load_catalogue().tools.values()
    rows = []
    for place, level in enumerate(LEVELS):
        served = [served_tool(tool) for tool in tools if LEVELS.index(tool.gate.level) <= place]
        rows.append((level, count(json.dumps({"tools": served}, separators=(",", ":")))))
    return rows


if __name__ == "__main__":
    asyncio.run(main(*rounds_and_calls(__doc__)))
