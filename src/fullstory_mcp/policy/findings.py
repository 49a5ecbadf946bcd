"""Looks at values from a file one by one and notes every fault with its place, instead of stopping.

A name that is not known is told with the nearest that is. Values are not repeated: an operator may
have put a secret into the wrong place.
"""

import re
from collections.abc import Callable, Collection, Iterator, Sequence
from difflib import get_close_matches
from typing import Any, TypeVar

from fullstory_mcp.errors import Fault

_NAMEABLE = re.compile(r"[A-Za-z0-9_.-]{1,64}")
_TOLD = 12

MOST = 10**12
"""The largest number that means anything here."""

_Word = TypeVar("_Word", bound=str)


class Findings:
    """The faults found so far. Each look answers what is usable and notes what is not."""

    def __init__(self) -> None:
        self.faults: list[Fault] = []

    def fault(self, where: str, why: str) -> None:
        """Notes a fault; `why` is a half sentence without its full stop."""
        self.faults.append(Fault(where, why))

    def table(self, where: str, value: object) -> dict[str, Any]:
        """A table, empty where it is none."""
        if isinstance(value, dict):
            return value
        self.fault(where, "must be a table of names and values")
        return {}

    def known(
        self, where: str, value: object, names: Collection[_Word], what: str
    ) -> Iterator[tuple[_Word, Any]]:
        """The entries of a table whose names are known; `what` is what a name stands for."""
        by_name = {str(name): name for name in names}
        for name, entry in self.table(where, value).items():
            if name in by_name:
                yield by_name[name], entry
            else:
                self.fault(where, unknown(name, names, what))

    def one_of(self, where: str, value: object, names: Sequence[_Word]) -> _Word | None:
        """One of a few words."""
        for name in names:
            if value == name:
                return name
        meant = _nearest(value, names) if isinstance(value, str) else ""
        self.fault(where, f"must be one of {', '.join(names)}{meant}")
        return None

    def whole(self, where: str, value: object, least: int) -> int | None:
        """A whole number that is not less than `least`, and one that a database can hold."""
        if isinstance(value, int) and not isinstance(value, bool) and least <= value <= MOST:
            return value
        self.fault(where, f"must be a whole number from {least} to {MOST:,}")
        return None

    def text(self, where: str, value: object, is_right: Callable[[str], object], why: str) -> str:
        """A text of a form, "" where it is not."""
        if isinstance(value, str) and is_right(value):
            return value
        self.fault(where, why)
        return ""


def unknown(name: str, names: Collection[str], what: str) -> str:
    """That there is no such name, and which was probably meant."""
    shown = name if _NAMEABLE.fullmatch(name) else "of that name"
    return f"there is no {what} {shown}{_nearest(name, names) or _all(names)}"


def _nearest(name: str, names: Collection[str]) -> str:
    found = get_close_matches(name.casefold(), names, n=1)
    return f"; did you mean {found[0]}?" if found else ""


def _all(names: Collection[str]) -> str:
    return f"; known are {', '.join(names)}" if 0 < len(names) <= _TOLD else ""
