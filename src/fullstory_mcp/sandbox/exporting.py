"""The files of exports: who and what belongs into one, and how it is written.

A segment export is JSON, newline-delimited JSON or CSV; a legacy bundle is one day as a JSON
array. All are gzip files with a fixed timestamp, so the same export has the same bytes.
"""

import csv
import gzip
import io
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from fullstory_mcp.sandbox import times
from fullstory_mcp.sandbox.render.exports import (
    EVENT_COLUMNS,
    INDIVIDUAL_COLUMNS,
    Row,
    event_rows,
    individual_row,
)
from fullstory_mcp.sandbox.world.model import Moment, Person, Session, Story
from fullstory_mcp.sandbox.world.segments import SEGMENTS, Segment, matches
from fullstory_mcp.sandbox.world.world import World

_CUSTOM_COLUMN = re.compile(r"(user|evt|page)_\w+")
_COLUMNS = {"TYPE_EVENT": EVENT_COLUMNS, "TYPE_INDIVIDUAL": INDIVIDUAL_COLUMNS}
_EXTENSIONS = {"FORMAT_JSON": "json", "FORMAT_NDJSON": "ndjson", "FORMAT_CSV": "csv"}
_FAR = 2**62

Span = tuple[int, int]


def knows_column(kind: str, name: str) -> bool:
    """Tell whether an export of this type may have such a column."""
    return name in _COLUMNS[kind] or _CUSTOM_COLUMN.fullmatch(name) is not None


def file_name(export_id: str, export: Mapping[str, Any]) -> str:
    """Name the file of a segment export."""
    return f"{export_id}.{_EXTENSIONS[export['format']]}.gz"


def segment_file(world: World, export: Mapping[str, Any]) -> bytes:
    """Write the gzip file of a segment export from the body that asked for it."""
    rows = list(_rows(world, export))
    columns = export.get("fields") or _columns_of(rows, _COLUMNS[export["type"]])
    chosen = [{name: row.get(name) for name in columns} for row in rows]
    plain = chosen if export.get("fields") else rows
    text = _WRITERS[export["format"]](plain, columns)
    return gzip.compress(text.encode(), mtime=0)


def legacy_file(world: World, span: Span) -> bytes:
    """Write the gzip file of a legacy bundle: every event of a span of time."""
    rows: list[Row] = []
    for session in _near(list(world.sessions.values()), span):
        story, person = world.story(session), world.people[session.person]
        rows.extend(_legacy(row) for row in event_rows(story, person, _within(story, span)))
    return gzip.compress(json.dumps(rows).encode(), mtime=0)


def _legacy(row: Row) -> Row:
    kept = {name: value for name, value in row.items() if _LEGACY_COLUMN.match(name)}
    if "EventTargetSelector" in row:
        kept["EventTargetSelectorTok"] = row["EventTargetSelector"]
    return kept


_LEGACY_COLUMN = re.compile(
    r"(IndvId|UserId|SessionId|PageId|EventStart|EventType|EventTargetText|EventMod\w+)$"
    r"|Page|User[A-Z]|Load"
)


def _rows(world: World, export: Mapping[str, Any]) -> Iterator[Row]:
    segment, span = SEGMENTS[export["segmentId"]], span_of(export.get("timeRange"))
    membership = span_of(export.get("segmentTimeRange"))
    for person, sessions in _members(world, segment, membership):
        stories = [world.story(session) for session in _near(sessions, span)]
        if export["type"] == "TYPE_INDIVIDUAL":
            yield individual_row(person, stories)
        else:
            for story in reversed(stories):
                yield from event_rows(story, person, _chosen(story, span, segment, export))


def span_of(sent: Mapping[str, str] | None) -> Span:
    """Read a range of the API; an empty or missing end is open."""
    start, end = ((sent or {}).get(name) or "" for name in ("start", "end"))
    return times.parse(start) if start else 0, times.parse(end) if end else _FAR


def _members(
    world: World, segment: Segment, span: Span
) -> Iterator[tuple[Person, Sequence[Session]]]:
    """Find the members by what they did within the span; sessions are newest first."""
    for person in list(world.people.values()):
        sessions = world.sessions_of([person.id])
        moods = {s.archetype for s in sessions if span[0] <= s.start < span[1]}
        if person.searchable and matches(segment, moods):
            yield person, sessions


def _near(sessions: Sequence[Session], span: Span) -> list[Session]:
    """Keep sessions that may have events in the span; none lasts a day."""
    return [s for s in sessions if span[0] - times.DAY <= s.start < span[1]]


def _within(story: Story, span: Span) -> list[Moment]:
    return [moment for moment in story.moments if span[0] <= moment.at < span[1]]


def _chosen(
    story: Story, span: Span, segment: Segment, export: Mapping[str, Any]
) -> Sequence[Moment]:
    """Pick the moments around those that match the segment, as far as the scope says."""
    inside = _within(story, span)
    hits = [m for m in inside if not segment.kinds or m.kind in segment.kinds]
    scope = (export.get("eventDetails") or {}).get("scope", "SCOPE_EVENTS")
    return _SCOPES[scope](inside, hits)


def _on_same_pages(inside: list[Moment], hits: list[Moment]) -> list[Moment]:
    pages = {moment.page for moment in hits}
    return [moment for moment in inside if moment.page in pages]


_SCOPES: Mapping[str, Callable[[list[Moment], list[Moment]], list[Moment]]] = {
    "SCOPE_EVENTS": lambda _inside, hits: hits,
    "SCOPE_PAGES": _on_same_pages,
    "SCOPE_SESSIONS": lambda inside, hits: inside if hits else [],
    "SCOPE_INDIVIDUALS": lambda inside, _hits: inside,
}


def _columns_of(rows: Sequence[Row], documented: Sequence[str]) -> list[str]:
    """List all columns: the documented ones in order, then the custom ones by name."""
    custom = {name for row in rows for name in row} - set(documented)
    return [*documented, *sorted(custom)]


def _as_csv(rows: Sequence[Row], columns: Sequence[str]) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([_cell(row.get(name)) for name in columns] for row in rows)
    return out.getvalue()


def _cell(value: object) -> object:
    if value is None:
        return ""
    return json.dumps(value) if isinstance(value, list | dict | bool) else value


_WRITERS: Mapping[str, Callable[[Sequence[Row], Sequence[str]], str]] = {
    "FORMAT_JSON": lambda rows, _: json.dumps(rows),
    "FORMAT_NDJSON": lambda rows, _: "".join(json.dumps(row) + "\n" for row in rows),
    "FORMAT_CSV": _as_csv,
}
