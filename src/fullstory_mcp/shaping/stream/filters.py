"""Which raw events a caller wants: a list of small tests, one for each argument that was given.

An argument that is absent adds no test.
"""

import re
from collections.abc import Callable
from typing import Any

from fullstory_mcp.catalogue import JSON
from fullstory_mcp.errors import Fault, InvalidArguments
from fullstory_mcp.shaping.moments import Bound, bound
from fullstory_mcp.shaping.stream.kinds import folded, is_trouble, kinds_of, spellings
from fullstory_mcp.shaping.stream.model import RawEvent, Stream

Test = Callable[[RawEvent], bool]

_PAGE = re.compile(r"p([1-9]\d{0,8})")


def check(arguments: JSON) -> None:
    """Refuses what can be known to be wrong before anything is asked.

    Raises:
        InvalidArguments: `from` or `to` is no time, or `from` lies after `to`.
    """
    begin, end = (
        _bound(name, arguments[name]) if name in arguments else None for name in ("from", "to")
    )
    if begin is None or end is None or begin.relative != end.relative:
        return
    if begin.low(0.0) >= end.beyond(0.0):
        raise InvalidArguments([Fault("from", "must not be after to")])


def chosen(stream: Stream, arguments: JSON) -> list[RawEvent]:
    """The events that every given filter lets through, in the order of time."""
    tests = [
        make(arguments[name], stream)
        for name, make in FILTERS.items()
        if arguments.get(name) not in (None, False)
    ]
    return [event for event in stream.events if all(test(event) for test in tests)]


def _of_types(types: list[str], _: Stream) -> Test:
    wanted = frozenset(name for given in types for name in spellings(given))
    return lambda event: any(folded(kind.name) in wanted for kind in kinds_of(event.raw))


def _from(text: str, stream: Stream) -> Test:
    low = _bound("from", text).low(_start(stream))
    return lambda event: event.near is not None and event.near >= low


def _to(text: str, stream: Stream) -> Test:
    beyond = _bound("to", text).beyond(_start(stream))
    return lambda event: event.near is not None and event.near < beyond


def _on_page(wanted: str, _: Stream) -> Test:
    if found := _PAGE.fullmatch(wanted):
        number = int(found[1])
        return lambda event: event.page.number == number
    piece = wanted.casefold()
    # An app's views have no URL, only a title.
    return lambda event: piece in (event.page.url or event.page.title).casefold()


def _errors_only(_: bool, __: Stream) -> Test:
    return lambda event: is_trouble(kinds_of(event.raw))


FILTERS: dict[str, Callable[[Any, Stream], Test]] = {
    "page": _on_page,
    "from": _from,
    "to": _to,
    "types": _of_types,
    "errors_only": _errors_only,
}
"""What each argument lets through, the cheapest first."""


def _bound(name: str, text: str) -> Bound:
    found = bound(text)
    if found is None:
        raise InvalidArguments(
            [Fault(name, "must be a time in RFC 3339, or relative such as +03:12")]
        )
    return found


def _start(stream: Stream) -> float:
    return stream.start or 0.0
