"""The head of a reading: who, where and on what, when, and the replay link."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from fullstory_mcp.catalogue import JSON
from fullstory_mcp.shaping.moments import utc
from fullstory_mcp.shaping.story.lines import lasting, plain_name
from fullstory_mcp.shaping.story.model import Story
from fullstory_mcp.shaping.text import Cleaner
from fullstory_mcp.shaping.tokens import estimate

MOST_PROPERTIES = 12
MORE_PROPERTIES = "list_users shows all"

_NAME_CHARACTERS = 80
_VALUE_CHARACTERS = 60
_PLAIN = re.compile(r"[\w .,()/+-]{1,60}")
_REPLAY = re.compile(r"https://(?:[a-z0-9-]+\.)*fullstory\.com/[!-~]{1,200}")
_NAMES = {"display_name": "name", "user_uid": "uid", "email": "e-mail"}
_PLACE = ("city", "region", "country")
_SIZES = {"screen_size": "screen", "viewport_size": "viewport"}


@dataclass(frozen=True, slots=True)
class Room:
    """What the head may take: characters of a text, tokens of the person's properties, sizes of screens.

    `whole`: everything; else only who and when.
    """

    characters: int = _NAME_CHARACTERS
    properties: int = 10_000
    sizes: bool = True
    whole: bool = True


def title(story: Story, cleaner: Cleaner, part: str = "") -> str:
    """The first line; `part` names a part that does not open the reading."""
    line = f"# Session {cleaner.line(story.session_id, _NAME_CHARACTERS)}"
    return f"{line}, {cleaner.line(part, _NAME_CHARACTERS)}" if part else line


def markdown(story: Story, cleaner: Cleaner, room: Room) -> list[str]:
    """The head as lines of markdown; what is not known has none."""
    lines = {"Who": _who(story, cleaner, room), "When": when(story)}
    if room.whole:
        lines = {"Who": lines["Who"], "Where": _where(story, cleaner, room), "When": lines["When"]}
        lines["Replay"] = replay(story.url)
    return [title(story, cleaner), *(f"{name}: {value}" for name, value in lines.items() if value)]


def as_data(story: Story, cleaner: Cleaner, room: Room) -> JSON:
    """The head as data: what is not known is absent."""
    data: JSON = {
        "session_id": cleaner.line(story.session_id, _NAME_CHARACTERS),
        "who": _person(story, cleaner, room),
    }
    if room.whole:
        facts = {**story.location, **story.device}
        told = {
            name: _cleaned(facts[name], cleaner, room)
            for name in (*_PLACE, "browser", "operating_system")
            if facts.get(name)
        }
        data["where"] = told | dict(_sizes(story, room))
    data["when"] = when(story)
    data["replay"] = replay(story.url) if room.whole else ""
    return {name: value for name, value in data.items() if value}


def replay(url: str) -> str:
    """`url` where it can be shown as it is: a replay link of Fullstory's own hosts."""
    return url if _REPLAY.fullmatch(url) else ""


def when(story: Story) -> str:
    """Start in UTC, length, pages and events."""
    begun, ended = story.start, story.end
    long = f", {lasting(ended - begun)} long" if begun is not None and ended is not None else ""
    pages = _counted(len(story.pages) + story.eventless, "page", "pages")
    idle = f" ({story.eventless:,} without events)" if story.eventless else ""
    events = _counted(sum(len(page.events) for page in story.pages), "event", "events")
    return f"{utc(begun)}{long}, {pages}{idle}, {events}"


def _who(story: Story, cleaner: Cleaner, room: Room) -> str:
    """Name, uid, e-mail and up to 12 properties."""
    most = min(room.characters, _NAME_CHARACTERS)
    known = ((said, story.user.get(name)) for name, said in _NAMES.items())
    parts = [
        cleaner.quote(str(value), most)
        if said == "name"
        else f"{said} {cleaner.quote(str(value), most)}"
        for said, value in known
        if value
    ]
    shown, more = _properties(story, cleaner, room)
    parts += [f"{plain_name(name, cleaner)} “{value}”" for name, value in shown]
    if more:
        parts.append(f"{_more(more, shown)} ({MORE_PROPERTIES})")
    return ", ".join(parts) or "not identified"


def _person(story: Story, cleaner: Cleaner, room: Room) -> JSON:
    most = min(room.characters, _NAME_CHARACTERS)
    known = {said: story.user.get(name) for name, said in _NAMES.items()}
    person: JSON = {said: cleaner.line(str(value), most) for said, value in known.items() if value}
    shown, more = _properties(story, cleaner, room)
    if shown:
        person["properties"] = {cleaner.line(name, 40): value for name, value in shown}
    return {**person, "more_properties": f"{more} ({MORE_PROPERTIES})"} if more else person


def _properties(story: Story, cleaner: Cleaner, room: Room) -> tuple[list[tuple[str, str]], int]:
    """As many properties as there is room for, values cleaned, and how many others there are."""
    given = story.user.get("properties")
    known = list(given.items()) if isinstance(given, dict) else []
    most, left = min(room.characters, _VALUE_CHARACTERS), room.properties
    shown = []
    for name, value in known[:MOST_PROPERTIES]:
        told = cleaner.line(str(value), most, name)
        left -= estimate(f"{name[:40]} “{told}”, ")
        if left < 0:
            break
        shown.append((name, told))
    return shown, len(known) - len(shown)


def _more(count: int, shown: list[tuple[str, str]]) -> str:
    more = "more " if shown else ""
    return _counted(count, f"{more}property", f"{more}properties")


def _where(story: Story, cleaner: Cleaner, room: Room) -> str:
    """Place, browser, system and window."""
    place = ", ".join(_facts(story.location, _PLACE, cleaner, room))
    on = " on ".join(_facts(story.device, ("browser", "operating_system"), cleaner, room))
    sizes = [f"{label} {size}" for label, size in _sizes(story, room)]
    return "; ".join(part for part in (place, on, *sizes) if part)


def _facts(
    held: Mapping[str, Any], names: tuple[str, ...], cleaner: Cleaner, room: Room
) -> Iterator[str]:
    """Words of Fullstory's own; quoted where they look like anything else."""
    for name in names:
        if text := str(held.get(name) or ""):
            plain = len(text) <= room.characters and _PLAIN.fullmatch(text)
            yield text if plain else f"“{_cleaned(text, cleaner, room)}”"


def _cleaned(value: object, cleaner: Cleaner, room: Room) -> str:
    return cleaner.quote(str(value), min(room.characters, _VALUE_CHARACTERS))[1:-1]


def _sizes(story: Story, room: Room) -> Iterator[tuple[str, str]]:
    for name, label in _SIZES.items() if room.sizes else ():
        size = story.device.get(name)
        width, height = (
            (size.get("width_pixels"), size.get("height_pixels"))
            if isinstance(size, dict)
            else (None, None)
        )
        if isinstance(width, int) and isinstance(height, int):
            yield label, f"{width}×{height}"


def _counted(number: int, one: str, many: str) -> str:
    return f"{number:,} {one if number == 1 else many}"
