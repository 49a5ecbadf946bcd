"""What one answer of raw events is written from, and what both of its forms share."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from fullstory_mcp.shaping.fitting import counted_as, tokens_in
from fullstory_mcp.shaping.moments import since, utc
from fullstory_mcp.shaping.stream.known import known
from fullstory_mcp.shaping.stream.model import RawEvent, Stream
from fullstory_mcp.shaping.text import Cleaner

CURSOR_SLACK = 12
"""Two cursors differ in length by a few tokens."""


@dataclass(frozen=True, slots=True)
class Onward:
    """How to read on: the cursor, and what following it costs."""

    cursor: str
    price: str


@dataclass(frozen=True, slots=True)
class Listing:
    """A session's stream and the events that were asked for.

    `onward` gives the way on from a place among those events; `remarks` end the answer.
    """

    session_id: str
    stream: Stream
    events: Sequence[RawEvent]
    cleaner: Cleaner
    onward: Callable[[int], Onward]
    remarks: tuple[str, ...]

    def about(self) -> str:
        """What the session has, and what times and handles mean."""
        stream = self.stream
        events, pages = len(stream.events), len(stream.pages)
        return (
            f"{counted_as(events, 'event')} on {counted_as(pages, 'page')}. {self._span()} "
            "p3r17 is the 17th raw event of page p3."
        )

    def _span(self) -> str:
        start = self.stream.start
        if start is None:
            return "No event has a time."
        last = since(self.stream.end, start)
        return f"Times count from the first event, {utc(start)}; the last is at {last}."

    def shown(self, begin: int, stop: int) -> str:
        """`Shown: 1–57 of 244 that match, of 5,000.`; what stands there and of how many."""
        total, matching = len(self.stream.events), len(self.events)
        match = f" that match, of {total:,}" if matching < total else ""
        return f"Shown: {begin + 1:,}–{stop:,} of {matching:,}{match}."

    def nothing(self, begin: int) -> list[str]:
        """Why there is nothing to show, and what there is instead."""
        if begin:
            return ["Nothing is left to show."]
        if not self.stream.events:
            return ["The session has no raw events."]
        return ["No event matches.", *known(self.stream, self.cleaner)]


def fitting(lines: Sequence[str], room: int) -> list[str]:
    """The first of `lines` that fit in `room` tokens."""
    kept: list[str] = []
    for line in lines:
        room -= tokens_in([line])
        if room < 0:
            break
        kept.append(line)
    return kept
