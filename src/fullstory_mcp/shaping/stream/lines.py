"""How a raw event reads: one compact line of ours around quoted texts of theirs.

What is worth telling differs by kind and is a table here; an event of any other kind is told with
its plain properties.
"""

from collections.abc import Callable, Sequence

from fullstory_mcp.catalogue import JSON
from fullstory_mcp.shaping.fitting import counted_as
from fullstory_mcp.shaping.moments import since
from fullstory_mcp.shaping.story.kinds import Kind
from fullstory_mcp.shaping.story.lines import lasting, origin_of, times
from fullstory_mcp.shaping.stream.kinds import as_text, kinds_of, number
from fullstory_mcp.shaping.stream.model import RawEvent, RawPage, address, as_object
from fullstory_mcp.shaping.stream.pen import Pen

_INPUT_NAMES = ("fs-input-name", "name", "fs-element", "id")


def page_line(page: RawPage, before: RawPage | None, start: float | None, pen: Pen) -> str:
    """`## p3 “Cart” “https://…” · +01:34 · 26 s · 14 events`; the origin only where it changes."""
    title = pen.quote(page.title) or "untitled"
    url = pen.quote(_beside(page.url, before.url if before else ""))
    begun, ended = page.begun, page.ended
    stay = "" if begun is None or ended is None else f" · {lasting(ended - begun)}"
    at = since(begun, start)
    return (
        f"## {page.handle} {_joined(title, url)} · {at}{stay} · {counted_as(page.count, 'event')}"
    )


def event_line(run: Sequence[RawEvent], what: str, start: float | None) -> str:
    """`- +01:45 p6r5-7 click “Add” ×3`: neighbours that read the same, as one."""
    first = run[0]
    to = f"-{run[-1].number}" if len(run) > 1 else ""
    return f"- {since(first.at, start)} {first.handle}{to} {what}{times(len(run))}"


def what(event: RawEvent, pen: Pen) -> str:
    """The event without time and handle."""
    kinds = kinds_of(event.raw)
    tell = _TOLD.get(kinds[-1].name, _other)
    server = "from the server" if event.raw.get("source_type") == "server" else ""
    return _joined(tell(event, kinds, pen), server and f"({server})")


def _click(event: RawEvent, kinds: tuple[Kind, ...], pen: Pen) -> str:
    """`rage click of 4, error click (console) “Pay now” at “form#pay button.pay-now”`."""
    properties = event.properties
    labels = [f"{kind.label}{_degree(kind.name, properties, pen)}" for kind in kinds]
    return _joined(", ".join(labels[:-1]) or labels[-1], _element(event, pen))


def _degree(name: str, properties: JSON, pen: Pen) -> str:
    key, is_count = _DEGREES.get(name, ("", False))
    value = properties.get(key)
    if is_count:
        return f" of {count}" if (count := _whole(value)) > 1 else ""
    return f" ({pen.word(value)})" if value else ""


def _element(event: RawEvent, pen: Pen) -> str:
    """The element's own text and where it stands."""
    target = as_object(event.properties.get("target"))
    text = pen.quote(target.get("text")) or ("(masked)" if target.get("masked") is True else "")
    where = pen.selector(target.get("raw_selector"))
    return _joined(text, where and f"at {where}")


def _request(event: RawEvent, kinds: tuple[Kind, ...], pen: Pen) -> str:
    properties = event.properties
    took = properties.get("request_duration_millis")
    return _joined(
        kinds[0].label,
        pen.word(properties.get("request_method")),
        pen.quote(_beside(address(properties.get("request_url")), event.page.url)),
        pen.word(properties.get("request_status")),
        "" if took is None else f"{_whole(took):,} ms",
    )


def _message(event: RawEvent, kinds: tuple[Kind, ...], pen: Pen) -> str:
    level = pen.word(event.properties.get("console_message_level"))
    plain = f"console {level}" if level else kinds[0].label
    told = kinds[0].label if len(kinds) > 1 else plain
    return _joined(told, pen.quote(event.properties.get("message")))


def _failure(event: RawEvent, kinds: tuple[Kind, ...], pen: Pen) -> str:
    """An exception or crash: its message, where it is from, how often, whether it was handled."""
    properties = event.properties
    file = as_text(properties.get("exception_source_file"))
    count = _whole(properties.get("exception_count"))
    return _joined(
        kinds[0].label,
        pen.quote(properties.get("message")),
        file and f"in {pen.quote(_beside(file, event.page.url))}",
        f"({count} times)" if count > 1 else "",
        "(handled)" if properties.get("is_exception_handled") is True else "",
    )


def _custom(event: RawEvent, _: tuple[Kind, ...], pen: Pen) -> str:
    name = pen.quote(event.properties.get("event_name"))
    return _joined("custom event", name) + pen.properties(event.properties)


def _input(event: RawEvent, kinds: tuple[Kind, ...], pen: Pen) -> str:
    """The input's name; what was put in is told only where the element's text gives it."""
    target = as_object(event.properties.get("target"))
    named = as_object(target.get("element_properties"))
    known = (named[key] for key in _INPUT_NAMES if named.get(key))
    name = as_text(next(known, target.get("raw_selector")))
    text = pen.quote(target.get("text"), name)
    return _joined(kinds[0].label, pen.quote(name) or "?", text and f"= {text}")


def _navigate(event: RawEvent, kinds: tuple[Kind, ...], pen: Pen) -> str:
    reason = pen.word(event.properties.get("navigate_reason"))
    url = address(as_object(event.raw.get("source_properties")).get("url"))
    return _joined(
        kinds[0].label,
        "" if reason in {"", "navigate"} else f"({reason})",
        f"to {pen.quote(_beside(url, event.page.url))}" if url and url != event.page.url else "",
    )


def _measure(event: RawEvent, kinds: tuple[Kind, ...], pen: Pen) -> str:
    """A measurement called like its event is told without that name."""
    properties = dict(event.properties)
    name = as_text(event.raw.get("event_type"))
    plain, millis = properties.pop(name, None), properties.pop(f"{name}_millis", None)
    value = pen.number(plain) or _joined(pen.number(millis), "ms" if millis is not None else "")
    return _joined(kinds[0].label, value) + pen.properties(properties)


def _other(event: RawEvent, kinds: tuple[Kind, ...], pen: Pen) -> str:
    kind = kinds[0]
    name = pen.quote(kind.name) if kind.label == "other event" else ""
    return _joined(kind.label, name, _element(event, pen)) + pen.properties(event.properties)


_TOLD: dict[str, Callable[[RawEvent, tuple[Kind, ...], Pen], str]] = {
    "click": _click,
    "request": _request,
    "console-message": _message,
    "exception": _failure,
    "crash": _failure,
    "custom": _custom,
    "input-change": _input,
    "navigate": _navigate,
    "cumulative-layout-shift": _measure,
    "first-input-delay": _measure,
    "interaction-to-next-paint": _measure,
}
"""How kinds are told that have more to tell than their properties."""

_DEGREES = {
    "rage-click": ("fs_rage_count", True),
    "dead-click": ("fs_dead_count", True),
    "error-click": ("fs_error_kind", False),
}
"""The property that says how bad a click was, and whether it is a count."""


def _beside(url: str, page: str) -> str:
    """`url` without its origin where that is the page's."""
    origin = origin_of(url)
    return url[len(origin) :] if origin and origin == origin_of(page) else url


def _joined(*parts: str) -> str:
    return " ".join(part for part in parts if part)


def _whole(value: object) -> int:
    """A count as a whole number; 0 for what cannot be one."""
    count = number(value)
    return int(count) if 0 < count < 1e12 else 0
