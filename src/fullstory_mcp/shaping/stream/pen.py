"""Writes what is theirs: quoted, cleaned and short. Whatever comes from an event passes here."""

import re
from typing import Any

from fullstory_mcp import wire
from fullstory_mcp.catalogue import JSON
from fullstory_mcp.shaping.stream.kinds import as_text
from fullstory_mcp.shaping.text import Cleaner

_PROPERTIES_SHOWN = {140: 8, 60: 4, 24: 2}
LENGTHS = tuple(_PROPERTIES_SHOWN)
"""How long quoted texts may be; a shorter one is used where not even one line fits."""

_UNTOLD = frozenset(
    {"target", "event_definition_id", "additional_event_definition_ids", "event_name"}
)
_NOTHING: tuple[object, ...] = (None, "", [], {})
_WORD = re.compile(r"[A-Za-z]{1,12}|[0-9]{1,12}")
_LONGEST_NAME = 40
_LONGEST_SELECTOR = 400
_SELECTOR_PARTS = 2
_MILLIS = "_millis"


class Pen:
    """Quotes texts of at most `most` characters, one of LENGTHS."""

    def __init__(self, cleaner: Cleaner, most: int = LENGTHS[0]) -> None:
        self._clean = cleaner
        self._most = most

    def quote(self, value: Any, label: str = "") -> str:
        """`value` as a quoted text; empty where there is nothing. `label` is the name of what holds it."""
        text = as_text(value)
        return self._clean.quote(text, self._most, label) if text else ""

    def word(self, value: Any) -> str:
        """A word or number of Fullstory's own; quoted where it looks like anything else."""
        text = as_text(value)
        return text if _WORD.fullmatch(text) else self.quote(text)

    def number(self, value: Any) -> str:
        """A number; quoted where it is none, empty where there is nothing."""
        return wire.write(value) if _is_plain(value) else self.quote(value)

    def selector(self, value: Any) -> str:
        """The last parts of a selector; masked while it is whole, because half a card is not known for one."""
        whole = self._clean.masked(as_text(value)[-_LONGEST_SELECTOR:])
        parts = [part for part in whole.split() if part != ">"]
        return self.quote(" ".join(parts[-_SELECTOR_PARTS:]))

    def properties(self, properties: JSON) -> str:
        """` {plan=“pro”, took=149 ms, and 3 more}`: what is not told elsewhere; empty for nothing."""
        told = [
            (name, value)
            for name, value in properties.items()
            if name not in _UNTOLD and value not in _NOTHING
        ]
        most = _PROPERTIES_SHOWN[self._most]
        shown = [self._property(name, value) for name, value in told[:most]]
        more = f", and {len(told) - most} more" if len(told) > most else ""
        return f" {{{', '.join(shown)}{more}}}" if shown else ""

    def _property(self, name: str, value: Any) -> str:
        shown = self._clean.line(name, min(_LONGEST_NAME, self._most)).replace("=", "-")
        if not _is_plain(value):
            text = value if isinstance(value, str) else wire.write(value)
            return f"{shown}={self._clean.quote(text, self._most, name)}"
        number = self._clean.masked(wire.write(value), name)
        if name.endswith(_MILLIS):
            return f"{shown.removesuffix(_MILLIS)}={number} ms"
        return f"{shown}={number}"


def _is_plain(value: Any) -> bool:
    return isinstance(value, bool | int | float)
