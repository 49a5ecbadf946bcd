"""Measures this server beside a bare one of the same library, in one run; prints ratios.

    python benchmarks/run.py [--rounds 5] [--calls 1500]

Rounds alternate between the two, and medians are compared, because machines are noisy. What is
compared: cold start to the answer of tools/list over stdio (`GET /me` included), and small reads a
second with 16 in flight, over stdio and over stateless HTTP, in both protocol eras. Upstream is a
process of its own that answers at once.
"""

import argparse
import asyncio
import json
import os
import socket
import statistics
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from load import LEGACY, MODERN, Http, Stdio, calls_per_second

HERE = Path(__file__).parent
OURS = [sys.executable, "-m", "fullstory_mcp"]
BARE = [sys.executable, str(HERE / "bare.py")]
COMMANDS = {"ours": OURS, "bare": BARE}

Row = tuple[str, float, float, str]


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


async def stdio_rate(command: list[str], env: dict[str, str], era: str, calls: int) -> float:
    """Calls a second over stdio, after a warm-up."""
    client = await Stdio.start([*command, "stdio"], env)
    await client.open(era)
    await calls_per_second(client, era, 100)
    rate = await calls_per_second(client, era, calls)
    await client.close()
    return rate


async def http_rate(name: str, env: dict[str, str], era: str, calls: int) -> float:
    """Calls a second over stateless HTTP, after a warm-up."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    arguments = ["serve", "--port", str(port)] if name == "ours" else ["http", str(port)]
    process = await asyncio.create_subprocess_exec(*COMMANDS[name], *arguments, env=env)
    try:
        await _listening(port)
        client = Http(port)
        await calls_per_second(client, era, 100)
        rate = await calls_per_second(client, era, calls)
        await client.close()
    finally:
        process.terminate()
        await process.wait()
    return rate


async def _listening(port: int) -> None:
    for _ in range(200):
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            await asyncio.sleep(0.05)
            continue
        writer.close()
        return
    raise RuntimeError("the server did not start")


async def compare(rounds: int, measure: Callable[[str], Awaitable[float]]) -> tuple[float, float]:
    """Medians of ours and bare, measured in turns."""
    taken: dict[str, list[float]] = {"ours": [], "bare": []}
    for _ in range(rounds):
        for name, figures in taken.items():
            figures.append(await measure(name))
    return statistics.median(taken["ours"]), statistics.median(taken["bare"])


async def main(rounds: int, calls: int) -> None:
    """Prints the table."""
    upstream, api = await start_upstream()
    env = environment(api)
    rows: list[Row] = []
    try:
        for era in (LEGACY, MODERN):
            ours, bare = await compare(rounds, lambda n: cold_start(COMMANDS[n], env, era))  # noqa: B023
            rows.append((f"cold start, {era}", ours, bare, "ms"))
            ours, bare = await compare(rounds, lambda n: stdio_rate(COMMANDS[n], env, era, calls))  # noqa: B023
            rows.append((f"stdio, 16 in flight, {era}", ours, bare, "calls/s"))
            ours, bare = await compare(rounds, lambda n: http_rate(n, env, era, calls))  # noqa: B023
            rows.append((f"stateless HTTP, 16 in flight, {era}", ours, bare, "calls/s"))
    finally:
        upstream.kill()
        await upstream.wait()
    print(f"{'measured':<42}{'ours':>9}{'bare':>9}  {'ratio':>6}")
    for what, ours, bare, unit in rows:
        print(f"{what:<42}{ours:>9.0f}{bare:>9.0f}  {ours / bare:>6.2f}  {unit}")
    for level, size in tokens():
        print(f"{f'tools/list of {level}':<42}{size:>9}{'':>17}  tokens")


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
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--calls", type=int, default=1500)
    given = parser.parse_args()
    asyncio.run(main(given.rounds, given.calls))
