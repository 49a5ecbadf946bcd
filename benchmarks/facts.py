"""How many planted facts a model finds in our reading, and in raw JSON cut to as many tokens.

    python benchmarks/facts.py [--seeds 3] [--check README.md] [--each]

Each session of `planting` is read once through the server, as a client would with `generate_context`
(first answer only, no cursor), within 1,000, 2,000 and 4,000 tokens. Tokens are counted with o200k.
It prints the table of the README; with `--check` it fails where the README's table is another.
"""

import argparse
import statistics
import sys
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import anyio
import httpx2
from mcp import Client
from rs_bpe.bpe import openai

sys.path.insert(0, str(Path(__file__).parent))

from fullstory_mcp import wire
from fullstory_mcp.settings import Settings
from fullstory_mcp.wiring import SANDBOX_URL, Seams, assembled
from planting import Session, planted_sessions

BUDGETS = (1_000, 2_000, 4_000)
REQUIRED = {1_000: 0.85, 2_000: 0.95, 4_000: 0.98}
NAME = "facts"

O200K = openai.o200k_base()


@dataclass(frozen=True, slots=True)
class Row:
    """One session at one budget: shares of its facts in both texts, and our text's size."""

    budget: int
    session: Session
    ours: float
    raw: float
    tokens: int
    missed: tuple[str, ...]


async def measured(sessions: Sequence[Session]) -> list[Row]:
    """Every session at every budget."""
    rows = []
    async with reader(sessions) as client:
        for session in sessions:
            raw = O200K.encode(wire.write(session.answer))
            for budget in BUDGETS:
                arguments = {"session_id": session.session_id, "max_tokens": budget}
                result = await client.call_tool("generate_context", arguments)
                text = result.content[0].text
                rows.append(_row(budget, session, text, O200K.decode(raw[:budget]) or ""))
    return rows


def _row(budget: int, session: Session, ours: str, raw: str) -> Row:
    missed = tuple(
        f"{fact.kind}: {fact.needles[0]}" for fact in session.facts if not fact.is_in(ours)
    )
    told = 1 - len(missed) / len(session.facts)
    beside = sum(fact.is_in(raw) for fact in session.facts) / len(session.facts)
    return Row(budget, session, told, beside, O200K.count(ours), missed)


@asynccontextmanager
async def reader(sessions: Sequence[Session]) -> AsyncIterator[Client]:
    """A client of a server whose API answers with these sessions."""
    answers = {session.session_id: wire.write(session.answer).encode() for session in sessions}

    def answer(request: httpx2.Request) -> httpx2.Response:
        if request.url.path == "/me":
            return httpx2.Response(
                200, json={"email": "dev@example.com", "orgId": "1B2C3D", "role": "ADMIN"}
            )
        body = answers[request.url.path.split("/")[3]]
        return httpx2.Response(200, content=body, headers={"content-type": "application/json"})

    transport = httpx2.MockTransport(answer)
    settings = Settings.read(FULLSTORY_API_KEY="na1.benchmark-key", FULLSTORY_API_URL=SANDBOX_URL)
    async with (
        assembled(settings, Seams(lambda: transport)) as parts,
        Client(parts.server) as client,
    ):
        yield client


def table(rows: Sequence[Row]) -> str:
    """The README's table."""
    lines = [
        "| budget, tokens | facts in our reading | in raw JSON cut to the same size | readings over budget |",
        "| --- | --- | --- | --- |",
    ]
    for budget in BUDGETS:
        ours = [row for row in rows if row.budget == budget]
        shares = statistics.mean(row.ours for row in ours), statistics.mean(row.raw for row in ours)
        # No finer: cursors are random, so a reading's length differs by a few tokens between runs.
        over = f"{sum(row.tokens > budget for row in ours)} of {len(ours)}"
        lines.append(f"| {budget:,} | {shares[0]:.2f} | {shares[1]:.2f} | {over} |")
    return "\n".join(lines)


def broken(rows: Sequence[Row]) -> Iterable[str]:
    """What the readings promise and do not hold."""
    for budget in BUDGETS:
        ours = [row for row in rows if row.budget == budget]
        if (told := statistics.mean(row.ours for row in ours)) < REQUIRED[budget]:
            yield f"{told:.3f} of the facts at {budget:,} tokens, {REQUIRED[budget]} are promised"
        yield from (
            f"{row.session.session_id}: {row.tokens} tokens of {budget}"
            for row in ours
            if row.tokens > budget
        )


def marked(text: str) -> str:
    """The table with the marks around it, as it stands in the README."""
    return f"<!-- measured: {NAME} -->\n{text}\n<!-- end: {NAME} -->"


async def of_seeds(seeds: int) -> list[Row]:
    """Every session of the first seeds at every budget."""
    return [row for seed in range(seeds) for row in await measured(await planted_sessions(seed))]


def main(seeds: int, check: Path | None, *, each: bool) -> int:
    """Prints the table; 1 where a promise is broken or the README's table is another."""
    rows = anyio.run(of_seeds, seeds)
    if each:
        for row in rows:
            print(
                row.budget,
                row.session.events,
                row.session.session_id,
                f"{row.ours:.1f} {row.raw:.1f}",
                row.tokens,
                *row.missed,
                sep=" | ",
            )
    print(marked(table(rows)))
    faults = list(broken(rows))
    if (
        check
        and f"measured: {NAME}" in (kept := check.read_text(encoding="utf-8"))
        and marked(table(rows)) not in kept
    ):
        faults.append(f"the table in {check.name} is stale: put the one above in its place")
    print(*faults, sep="\n", file=sys.stderr)
    return 1 if faults else 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--check", type=Path)
    parser.add_argument("--each", action="store_true", help="print every session")
    given = parser.parse_args()
    sys.exit(main(given.seeds, given.check, each=given.each))
