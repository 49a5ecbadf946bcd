"""How one event or page reads: a short line of ours around quoted texts of theirs."""

import re

from fullstory_mcp.catalogue import JSON
from fullstory_mcp.shaping.moments import since
from fullstory_mcp.shaping.story.density import READING, Density
from fullstory_mcp.shaping.story.model import Event, Page, Story
from fullstory_mcp.shaping.story.units import Unit
from fullstory_mcp.shaping.text import Cleaner

_INPUT_NAMES = ("fs-input-name", "name", "fs-element", "id")
_SPOKEN = frozenset(
    {"crash", "exception", "network-error", "console-error", "low-memory", "consent"}
)
"""Kinds whose description is a message, not an element with its selector."""

_NAME = re.compile(r"[A-Za-z][\w.:-]{0,39}")
_ORIGIN = re.compile(r"https?://[^/?#]+(?=[/?#])")


class Lines:
    """Writes lines for one story, as densely as told."""

    def __init__(self, story: Story, cleaner: Cleaner, density: Density = READING[1]) -> None:
        self._story = story
        self._start = story.start
        self._clean = cleaner
        self._density = density
        self._most = density.quote
        self._headings: dict[tuple[int, str], tuple[str, str]] = {}

    def since(self, at: float | None) -> str:
        """A relative time, `+03:12`; `+?` where the API gave none."""
        return since(at, self._start)

    def at(self, unit: Unit) -> str:
        """`+01:45 p6e5`: when, and the handle."""
        return f"{self.since(unit.first.at)} {unit.handle}"

    def unit(self, unit: Unit) -> str:
        """`+01:45 p6e5 rage click “Pay now” ×3`."""
        return f"{self.at(unit)} {self.told(unit)}"

    def told(self, unit: Unit) -> str:
        """The unit without time and handle."""
        if self.opens(unit):
            page = self._story.page(unit.first.page)
            return f"page {self.place(page, '')}{self._stay(page, ' ')}"
        return f"{self.what(unit.first)}{times(len(unit.events))}"

    def what(self, event: Event) -> str:
        """The event without time and handle."""
        kind = event.kind
        if kind.name == "input-change":
            return self._input(event)
        if kind.label == "custom event":
            return f"custom event {self._quote(event.type)}{self._properties(event.properties)}"
        if kind.group == "vital":
            poor = ", poor:" if event.poor else ""
            return f"{kind.label}{poor} {self._quote(event.text)}"
        text, where = element(event)
        if kind.group == "page" and text == self._story.page(event.page).title:
            return kind.label
        told = f"{kind.label} {self._quote(text)}" if text else kind.label
        located = where and (not text or (kind.group == "trouble" and not self._density.brief))
        return f"{told} at {self._quote(where)}" if located else told

    def opens(self, unit: Unit) -> bool:
        """Whether the unit is nothing but the arrival on its page."""
        event = unit.first
        page = self._story.page(event.page)
        alone = event is page.events[0] and len(unit.events) == 1
        return alone and unit.group == "page" and event.text in ("", page.title)

    def heading(self, page: Page, opening: Unit | None, shown: int, origin: str) -> str:
        """`## p6 “Payment” “/checkout” · +01:34 p6e1 · 26 s · 3 of 14 events`.

        The handle stands there where the page's arrival is among what is told; `origin` is the one
        of the page before, and left out where it is the same.
        """
        if (parts := self._headings.get((page.number, origin))) is None:
            place, at, stay = (
                self.place(page, origin),
                self.since(page.begun),
                self._stay(page, " · "),
            )
            parts = self._headings[page.number, origin] = (f"## {page.handle} {place} · {at}", stay)
        head, stay = parts
        handle = f" {opening.handle}" if opening else ""
        of = f" · {shown} of {len(page.events)} events" if shown < len(page.events) else ""
        return f"{head}{handle}{stay}{of}"

    def place(self, page: Page, origin: str) -> str:
        """The page's title and address."""
        title = self._quote(page.title) if page.title else ""
        if title and self._density.brief:
            return title
        address = page.url[len(origin) :] if origin and origin == origin_of(page.url) else page.url
        return f"{title or 'untitled'} {self._quote(address)}" if address else title or "untitled"

    def _stay(self, page: Page, sign: str) -> str:
        """How long the page's events lasted, and its tab where it is not the first, after `sign`."""
        if not self._density.stay:
            return ""
        begun, ended = page.begun, page.ended
        stay = "" if begun is None or ended is None else f"{sign}{lasting(ended - begun)}"
        return f"{stay}{sign}tab {page.tab}" if page.tab not in (None, 1) else stay

    def _quote(self, text: str, label: str = "") -> str:
        return self._clean.quote(text, self._most, label)

    def _input(self, event: Event) -> str:
        name = input_name(event)
        value = (
            f" = {self._quote(event.content, name)}" if event.content else " (value not recorded)"
        )
        return f"input {self._quote(name or '?')}{value}"

    def _properties(self, properties: JSON) -> str:
        """Properties of a custom event; how many more there are where there are many."""
        most = self._density.properties
        shown = [
            f"{plain_name(name, self._clean, self._most)}={self._quote(str(value), name)}"
            for name, value in list(properties.items())[:most]
        ]
        if (more := len(properties) - len(shown)) > 0:
            shown.append(f"{more} more")
        return f" {{{', '.join(shown)}}}" if shown else ""


def plain_name(name: str, cleaner: Cleaner, most: int = 40) -> str:
    """A property's name: as it is where it is a plain name, else quoted."""
    return name if len(name) <= most and _NAME.fullmatch(name) else cleaner.quote(name, most)


def element(event: Event) -> tuple[str, str]:
    """The element's text and its selector, either may be missing: `Pay now [#pay > .pay-now]`."""
    where = "" if event.kind.name in _SPOKEN else selector(event.description)
    if event.content:
        return event.content, where
    return (
        (event.description.removesuffix(f"[{where}]").rstrip(), where)
        if where
        else (event.text, "")
    )


def input_name(event: Event) -> str:
    """What a field is called; "" where nothing tells it."""
    named = next(
        (event.properties[name] for name in _INPUT_NAMES if event.properties.get(name)), ""
    )
    return str(named) or selector(event.description)


def selector(description: str) -> str:
    """The selector in a description such as `Pay now [#pay > .pay-now]`; "" where there is none."""
    start = description.rfind("[") if description.endswith("]") else -1
    return description[start + 1 : -1] if start >= 0 else ""


def origin_of(url: str) -> str:
    """`https://shop.example.com` of an address with a path; else ""."""
    found = _ORIGIN.match(url)
    return found[0] if found else ""


def times(count: int) -> str:
    """` ×5`; nothing for one."""
    return f" ×{count:,}" if count > 1 else ""


def lasting(seconds: float) -> str:
    """A duration: `26 s`, `3:05 min`, `1:02:03 h`; what cannot be is said to be unknown."""
    if not 0 <= seconds < 10_000_000:
        return "unknown length"
    whole = int(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60}:{whole % 60:02} min"
    return f"{whole // 3600}:{whole % 3600 // 60:02}:{whole % 60:02} h"
