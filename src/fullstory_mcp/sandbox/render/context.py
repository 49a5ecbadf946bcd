"""The context of a session: pages with their events, hyphenated types, for a model to read.

Timestamps are whole seconds, and slices compare these whole seconds: a closed `TIMESTAMP`
window therefore gives the same events whenever it is read.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from fullstory_mcp.sandbox import times
from fullstory_mcp.sandbox.checks import as_whole
from fullstory_mcp.sandbox.render.vocabulary import WORDS
from fullstory_mcp.sandbox.world import shop
from fullstory_mcp.sandbox.world.model import Moment, Person, Story

Options = Mapping[str, Any]

_CLICKS = frozenset({"click", "rage_click", "dead_click", "error_click"})
_SECTION_FLAGS = {
    "org": "exclude_org_context",
    "user": "exclude_user_context",
    "location": "exclude_location",
    "device": "exclude_device",
}


@dataclass(frozen=True, slots=True)
class _Line:
    """One event of the context before it is written: `at` in whole seconds, as ms."""

    at: int
    page: int
    type: str
    moment: Moment
    defined: bool = False


def context_data(story: Story, person: Person | None, options: Options) -> dict[str, Any]:
    """Write the context as the body of #3 asks; `options` has slice, context, events."""
    shown, asked = options.get("events") or {}, options.get("context") or {}
    if asked.get("exclude_descriptions"):
        shown = {**shown, "include_descriptions": False}
    lines = sliced(filtered(_lines(story), shown), options.get("slice") or {})
    return {
        "context": _surroundings(story, person, asked),
        "pages": _pages(story, lines, shown),
    }


def _lines(story: Story) -> list[_Line]:
    lines = []
    for moment in story.moments:
        if not _speaks(moment):
            continue
        at = moment.at // times.SECOND * times.SECOND
        kind = WORDS[moment.kind].context
        name = moment.facts["name"] if moment.kind == "custom" else kind
        lines.append(_Line(at, moment.page, name, moment))
        if moment.kind in _CLICKS and moment.element and moment.element.event:
            lines.append(_Line(at, moment.page, moment.element.event, moment, defined=True))
    return lines


def _speaks(moment: Moment) -> bool:
    """Tell whether the context mentions a moment: only failed calls and console errors."""
    if moment.kind == "request":
        return bool(moment.facts["status"] >= 400)
    if moment.kind == "console":
        return bool(moment.facts["level"] == "error")
    return WORDS[moment.kind].context != ""


def filtered(lines: Sequence[_Line], shown: Options) -> list[_Line]:
    """Apply the type filters of `events`."""
    wanted = frozenset(shown.get("include_types") or ())
    unwanted = frozenset(shown.get("exclude_types") or ())
    return [
        line
        for line in lines
        if (not wanted or line.type in wanted)
        and line.type not in unwanted
        and not (shown.get("exclude_defined_events") and line.defined)
        and not (shown.get("exclude_api_events") and line.moment.kind == "custom")
    ]


def sliced(lines: Sequence[_Line], part: Options) -> list[_Line]:
    """Cut the asked part out of the filtered events."""
    kept = list(lines)
    if part.get("mode") == "TIMESTAMP":
        start, end = (_bound(part.get(name)) for name in ("start_timestamp", "end_timestamp"))
        kept = [
            line
            for line in kept
            if (start is None or line.at >= start) and (end is None or line.at <= end)
        ]
    from_the_end = part.get("mode") == "LAST"
    return _most(_briefly(kept, part, from_the_end), part, from_the_end)


def _bound(text: str | None) -> int | None:
    return times.parse(text) // times.SECOND * times.SECOND if text else None


def _briefly(lines: list[_Line], part: Options, from_the_end: bool) -> list[_Line]:
    span = as_whole(part.get("duration_limit_ms"))
    if span is None or not lines:
        return lines
    if from_the_end:
        return [line for line in lines if line.at >= lines[-1].at - span]
    return [line for line in lines if line.at <= lines[0].at + span]


def _most(lines: list[_Line], part: Options, from_the_end: bool) -> list[_Line]:
    most = as_whole(part.get("event_limit"))
    if most is None:
        return lines
    return lines[-most:] if from_the_end else lines[:most]


def _surroundings(story: Story, person: Person | None, asked: Options) -> dict[str, Any]:
    makers: Mapping[str, Callable[[], dict[str, Any]]] = {
        "org": _org,
        "user": lambda: _user(person),
        "location": lambda: _location(story),
        "device": lambda: _device(story),
    }
    sections = {f"{name}_context": makers[name]() for name in _wanted_sections(asked)}
    return {
        "session_id": story.session.id,
        "session_url": story.session.app_url,
        "session_created_at": times.stamp(story.session.start),
        **{name: section for name, section in sections.items() if section},
    }


def _wanted_sections(asked: Options) -> list[str]:
    include, exclude = asked.get("include") or [], asked.get("exclude") or []
    if include or exclude:
        named = include or list(_SECTION_FLAGS)
        return [name for name in _SECTION_FLAGS if name in named and name not in exclude]
    return [name for name, flag in _SECTION_FLAGS.items() if not asked.get(flag)]


def _org() -> dict[str, Any]:
    return {
        "org_id": shop.ORG_ID,
        "name": shop.ORG_NAME,
        "industry": "Retail",
        "domain": shop.HOST,
        "country": "US",
    }


def _user(person: Person | None) -> dict[str, Any]:
    if person is None or not (person.uid or person.email):
        return {}
    return {
        "user_uid": person.uid,
        "display_name": person.display_name,
        "email": person.email,
        "properties": {name: as_text(value) for name, value in person.properties.items()},
    }


def _location(story: Story) -> dict[str, Any]:
    place = story.place
    return {"country": place.country, "region": place.region, "city": place.city}


def _device(story: Story) -> dict[str, Any]:
    machine = story.machine
    return {
        "browser": machine.browser,
        "operating_system": machine.operating_system,
        "screen_size": _size(machine.screen),
        "viewport_size": _size(machine.viewport),
    }


def _size(pixels: tuple[int, int]) -> dict[str, int]:
    return {"height_pixels": pixels[1], "width_pixels": pixels[0]}


def _pages(story: Story, lines: Sequence[_Line], shown: Options) -> list[dict[str, Any]]:
    return [
        _page(story, number, list(group), shown)
        for number, group in groupby(lines, key=lambda line: line.page)
    ]


def _page(story: Story, number: int, lines: Sequence[_Line], shown: Options) -> dict[str, Any]:
    visit = story.pages[number]
    page: dict[str, Any] = {"url": visit.url, "title": visit.title}
    if not story.mobile and shown.get("include_tab_index", True):
        page["tab"] = 1
    page["events"] = [_event(line, visit.title, shown) for line in lines]
    return page


def _event(line: _Line, title: str, shown: Options) -> dict[str, Any]:
    event: dict[str, Any] = {"type": line.type}
    if shown.get("include_descriptions", True):
        event["description"] = describe(line.moment, title, shown, defined=line.defined)
    if not shown.get("exclude_event_timestamps"):
        event["timestamp"] = times.stamp(line.at)
    element = line.moment.element
    if element and element.text and not element.masked:
        event["content"] = element.text
    event["properties"] = _event_properties(line)
    return event


def _event_properties(line: _Line) -> dict[str, str]:
    if line.moment.kind == "custom":
        sent = line.moment.facts["properties"]
        return {name: as_text(value) for name, value in sent.items()}
    return dict(line.moment.element.properties) if line.moment.element else {}


def as_text(value: object) -> str:
    """Write a property value as the string that the context carries."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


_SAYINGS: Mapping[str, Callable[[Mapping[str, Any]], str]] = {
    "load": lambda f: f"LCP={f['lcp']}ms,FCP={f['paint']}ms,Load={f['load']}ms",
    "cls": lambda f: f"score={f['score']}",
    "fid": lambda _: "delay=4ms",
    "inp": lambda _: "duration=96ms",
    "request": lambda f: f"{f['method']} {f['path']} {f['status']}",
    "console": lambda f: str(f["message"]),
    "exception": lambda f: str(f["message"]),
    "consent": lambda f: "granted" if f["given"] else "revoked",
    "custom": lambda _: "",
}


def describe(moment: Moment, title: str, shown: Options, *, defined: bool = False) -> str:
    """Say in a few words what happened, with the selector unless that is left out."""
    if moment.kind == "navigate":
        return title
    if moment.element is None:
        return _SAYINGS[moment.kind](moment.facts)
    if defined:
        return ""
    text = "" if moment.element.masked else moment.element.text
    selector = "" if shown.get("exclude_selectors") else f"[{_selector(moment.element, shown)}]"
    return " ".join(part for part in (text, selector) if part)


def _selector(element: shop.Element, shown: Options) -> str:
    parts = element.selector.split(" > ")
    last = as_whole(shown.get("trim_to_last_n_selectors"))
    if last:
        parts = parts[-last:]
    if not shown.get("include_selector_tags"):
        parts = [_without_tag(part) for part in parts]
    return " > ".join(parts)


def _without_tag(part: str) -> str:
    marks = [position for position in (part.find("#"), part.find(".")) if position >= 0]
    return part[min(marks) :] if marks else part
