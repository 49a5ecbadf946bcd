"""Readings of sessions for tests: read part by part, and looked at as a model would."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from fullstory_mcp.shaping import Cleaner
from fullstory_mcp.shaping.story import Plan, Reading, ranked, read_story, units_of
from fullstory_mcp.shaping.story.model import Story
from fullstory_mcp.shaping.story.reading import Part

SESSION = "8501908138660385:9497776430409180"
COST = "Cost: none; read from the answer of less than a minute ago, held for 10 minutes."

_CURSOR = "Hk3s9fT2-x0Qw8LrZ1vB5nYcD7eJ4aMuG6iPoKtS_hWqXzVbNmAyRjEgUdClFpIOs2T8k1QwZ9x"
_QUOTED = re.compile(r"“[^”]*”|\"[^\"]*\"")
_HANDLE = re.compile(r"\bp(\d+)e(\d+)(?:-(\d+))?\b")


def onward(place: int) -> str:
    """As generate_context says how to read on; a cursor of the usual length."""
    return f'To read on: the same call with cursor: "{_CURSOR}{place:08}" (no Activation within 10 minutes).'


def reading_of(data: Any, focus: Any = "all") -> Reading:
    """The reading of an answer."""
    story = read_story(data, SESSION)
    units = units_of(story)
    return Reading(story, Cleaner(), units, Plan(*ranked(units, focus)))


def opening(data: Any, max_tokens: int = 4_000, focus: Any = "all") -> str:
    """The first part of a reading in markdown."""
    return reading_of(data, focus).part(0, max_tokens, onward, as_json=False, tail=COST).text


def parts(reading: Reading, max_tokens: int, *, as_json: bool = False) -> Iterator[Part]:
    """Every part of a reading; each must get on."""
    begin: int | None = 0
    while begin is not None:
        part = reading.part(begin, max_tokens, onward, as_json=as_json, tail=COST)
        yield part
        assert part.then is None or part.then > begin
        begin = part.then


def handles(story: Story) -> Counter[str]:
    """Every event of a story."""
    return Counter(event.handle for event in story.events())


def told(part: Part) -> Counter[str]:
    """The events that a part tells, each by its own handle."""
    return _told_as_data(part.data) if part.data else told_in(part.text)


def told_in(text: str) -> Counter[str]:
    """The events that markdown tells in its story; what is quoted is not looked at."""
    lines = _QUOTED.sub("", text).split("# Story\n")[-1].splitlines()
    return _each(" ".join(line for line in lines if not line.startswith("# ")))


def _told_as_data(data: dict[str, Any]) -> Counter[str]:
    events = [event for page in data["pages"] for event in page["events"]]
    return _each(" ".join(event["handle"] for event in events))


def _each(text: str) -> Counter[str]:
    found: Counter[str] = Counter()
    for page, first, last in _HANDLE.findall(text):
        found.update(f"p{page}e{number}" for number in range(int(first), int(last or first) + 1))
    return found


def in_order(text: str, needles: Sequence[str]) -> bool:
    """Whether every needle is in the text, one after the other."""
    place = 0
    for needle in needles:
        place = text.find(needle, place)
        if place < 0:
            return False
    return True
