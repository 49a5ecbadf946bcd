"""The audit in the database of a server for many, as its commands read it."""

import time
from collections import defaultdict
from collections.abc import Iterator, Sequence

from fullstory_mcp.audit.telling import Content
from fullstory_mcp.audit.verifying import Line, read
from fullstory_mcp.cli.audit.logbook import contents
from fullstory_mcp.storage import Database, audit

LOOK_SECONDS = 1.0
LATE_SECONDS = 10
"""How much later than others a replica may write a record that is followed."""

MOST_ASKED = 500
"""Most calls that one statement asks for."""


class Table:
    """The database's table."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._known: set[tuple[str, int]] = set()
        self._since = 0

    def lines(self) -> Iterator[Line]:
        """As `Logbook`."""
        with self._database.begin(reading=True) as tx:
            writers = audit.writers(tx)
        for writer in writers:
            for row in audit.chain(self._database, writer):
                columns = (row.writer, row.seq, row.at, row.call, row.hash)
                yield Line(f"writer {row.writer} record {row.seq}", row.line.encode(), columns)

    def between(self, since: int | None, until: int | None) -> Iterator[Content]:
        """As `Logbook`; what ended later is there, and what was decided earlier is not."""
        decided, alone = set[str](), dict[str, Content]()
        for row in audit.between(self._database, since, until):
            content = read(row.line.encode()) or {}
            if content.get("kind") == "decided":
                decided.add(row.call)
            elif content.get("kind") == "ended" and row.call not in decided:
                alone[row.call] = content
                continue
            else:
                decided.discard(row.call)
            yield content
        yield from self._other_halves(decided, alone)

    def newest(self, calls: int) -> list[Content]:
        """As `Logbook`."""
        with self._database.begin(reading=True) as tx:
            rows = audit.newest(tx, 2 * calls + MOST_ASKED)
        self._note(rows)
        return contents(row.line for row in rows)

    def grown(self) -> Iterator[list[Content]]:
        """As `Logbook`."""
        while True:
            rows = list(audit.between(self._database, self._since - LATE_SECONDS, None))
            fresh = [row.line for row in rows if (row.writer, row.seq) not in self._known]
            self._note(rows)
            yield contents(fresh)
            time.sleep(LOOK_SECONDS)

    def _note(self, rows: Sequence[audit.Stored]) -> None:
        """Remembers what was shown, and since when to look for more."""
        self._known = {(row.writer, row.seq) for row in rows}
        self._since = max([self._since, *(row.at for row in rows)])

    def _other_halves(self, decided: set[str], alone: dict[str, Content]) -> Iterator[Content]:
        """The ends of calls that ended later; of ends alone, those whose decision is nowhere."""
        found: dict[str, list[Content]] = defaultdict(list)
        calls = sorted(decided | alone.keys())
        for start in range(0, len(calls), MOST_ASKED):
            with self._database.begin(reading=True) as tx:
                rows = audit.of_calls(tx, calls[start : start + MOST_ASKED])
            for row in rows:
                found[row.call] += contents([row.line])
        for call, halves in found.items():
            kinds = {content.get("kind"): content for content in halves}
            if call in decided and "ended" in kinds:
                yield kinds["ended"]
            elif call in alone and "decided" not in kinds:
                yield alone[call]
