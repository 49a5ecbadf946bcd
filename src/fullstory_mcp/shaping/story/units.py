"""The lines a reading is made of: runs of alike events on one page as one, and which are alike.

Two things are alike that have the same kind and the same text once numbers and ids are folded.
"""

import re
from dataclasses import dataclass
from functools import lru_cache

from fullstory_mcp.shaping.story.kinds import Class
from fullstory_mcp.shaping.story.model import Event, Page, Story

_FOLDED = re.compile(r"0x[0-9a-fA-F]+|\b[0-9a-fA-F]{8,}\b|\d+")

Fold = tuple[str, str]
"""What makes events alike: the kind's name and the text with numbers and ids folded."""


@dataclass(slots=True)
class Unit:
    """A run of alike events on one page, shown as one line."""

    events: list[Event]
    group: Class
    fold: Fold

    @property
    def first(self) -> Event:
        """The event that gives the line its time and text."""
        return self.events[0]

    @property
    def handle(self) -> str:
        """`p3e17`, or `p3e17-19` for a run."""
        run = f"-{self.events[-1].number}" if len(self.events) > 1 else ""
        return f"{self.first.handle}{run}"


def units_of(story: Story) -> list[Unit]:
    """Every event of the story in exactly one unit, in the order of the story."""
    return [unit for page in story.pages for unit in _on_page(page)]


def _on_page(page: Page) -> list[Unit]:
    units: list[Unit] = []
    before: Event | None = None
    for event in page.events:
        if before is not None and event.type == before.type and _alike(before, event):
            units[-1].events.append(event)
            continue
        before = event
        group: Class = event.kind.group
        if group == "vital" and event.poor:
            group = "act"
        units.append(Unit([event], group, _fold(event, page, group)))
    return units


def _alike(one: Event, other: Event) -> bool:
    return one.text == other.text and one.properties == other.properties


def _fold(event: Event, page: Page, group: Class) -> Fold:
    name = event.kind.name
    if group == "vital":
        return name, ""
    if group == "page":
        return name, folded(f"{event.text} {page.url.partition('?')[0]}")
    return name, folded(event.text)


@lru_cache(maxsize=4096)
def folded(text: str) -> str:
    """`text` with numbers and ids folded, so that alike things count as one."""
    return _FOLDED.sub("#", text[:200])
