"""The bodies and queries that the API takes, as tables of checks. Data only.

Field names and limits are those of the vendor's documents. A field that is not listed is
refused, so that a misspelt name is noticed here rather than against a live account.
"""

import re
from typing import Any

from fullstory_mcp.sandbox.checks import (
    Shape,
    anything,
    flag,
    flag_text,
    list_of,
    mapping,
    moment,
    moment_or_open,
    number,
    one_of,
    pattern,
    shape,
    text,
    whole,
)
from fullstory_mcp.sandbox.errors import invalid
from fullstory_mcp.sandbox.property_types import flattened

INT32 = 2**31 - 1
MOST_PROPERTIES = 500
MOST_NAME = 512
MOST_VALUE_BYTES = 8_192
MOST_ROWS = 50_000

_PROPERTY = re.compile(r"[A-Za-z][A-Za-z0-9_]*", re.ASCII)
_TYPES = ("str", "strs", "int", "ints", "real", "reals", "bool", "bools", "date", "dates")
_SECTIONS = one_of("user", "org", "location", "device")


def properties(value: Any, name: str) -> None:
    """Check custom properties: how many, how they are named, how long their values are."""
    mapping(value, name)
    leaves = dict(flattened(value))
    if len(leaves) > MOST_PROPERTIES:
        raise invalid(f"{name} has more than {MOST_PROPERTIES} properties")
    for path, leaf in leaves.items():
        if len(path) > MOST_NAME or not all(_PROPERTY.fullmatch(part) for part in path.split(".")):
            raise invalid(f"property name is not allowed: {path[:80]}")
        if len(str(leaf).encode()) > MOST_VALUE_BYTES:
            raise invalid(f"property value is longer than allowed: {path}")


def property_types(value: Any, name: str) -> None:
    """Check the `properties` of a schema: dotted names to type words."""
    mapping(value, name)
    for path, word in value.items():
        one_of(*_TYPES)(word, path)


SCHEMA = shape({"properties": property_types})

SLICE: Shape = {
    "mode": one_of("UNSPECIFIED", "FIRST", "LAST", "TIMESTAMP"),
    "event_limit": whole(1, INT32),
    "duration_limit_ms": whole(1),
    "start_timestamp": moment,
    "end_timestamp": moment,
}
CONTEXT: Shape = {
    "include": list_of(_SECTIONS),
    "exclude": list_of(_SECTIONS),
    "exclude_org_context": flag,
    "exclude_user_context": flag,
    "exclude_location": flag,
    "exclude_device": flag,
    "exclude_descriptions": flag,
}
EVENTS: Shape = {
    "include_types": list_of(text()),
    "exclude_types": list_of(text()),
    "exclude_defined_events": flag,
    "exclude_api_events": flag,
    "exclude_event_timestamps": flag,
    "exclude_selectors": flag,
    "include_selector_tags": flag,
    "trim_to_last_n_selectors": whole(0, INT32),
    "include_tab_index": flag,
    "include_descriptions": flag,
}
MEDIA: Shape = {
    "include_screenshots": flag,
    "screenshot_event_types": list_of(text()),
    "crop_screenshot_to_selector": flag,
    "full_page_screenshots": flag,
}
READING: Shape = {
    "slice": shape(SLICE),
    "context": shape(CONTEXT),
    "events": shape(EVENTS),
    "cache": shape({"enable_event_cache": flag}),
}
CONTEXT_BODY: Shape = {**READING, "media": shape(MEDIA)}


def response_schema(value: Any, name: str) -> None:
    """Check an OpenAPI-like schema: types in capitals and no other keywords."""
    shape(_SCHEMA_KEYWORDS)(value, name)


def _schema_map(value: Any, name: str) -> None:
    mapping(value, name)
    for field, entry in value.items():
        response_schema(entry, field)


_SCHEMA_KEYWORDS: Shape = {
    "type": one_of(
        "OPENAPI_TYPE_UNSPECIFIED", "STRING", "NUMBER", "INTEGER", "BOOLEAN", "ARRAY", "OBJECT"
    ),
    "title": text(),
    "description": text(),
    "format": text(),
    "items": response_schema,
    "properties": _schema_map,
    "required": list_of(text()),
    "nullable": flag,
    "enum": list_of(text()),
}
LLM = shape(
    {
        "pre_prompt": text(),
        "post_prompt": text(),
        "temperature": number,
        "response_schema": response_schema,
    }
)
SUMMARY_BODY: Shape = {"config_profile": text(), **READING, "llm": LLM}
PROFILE: Shape = {"name": text(), **READING, "llm": LLM}

USER: Shape = {
    "uid": text(256),
    "display_name": text(256),
    "email": text(128),
    "properties": properties,
    "schema": SCHEMA,
}
BATCH_USER: Shape = {"id": text(), **USER}

EVENT_USER = shape({"uid": text(256), "id": text()})
EVENT_SESSION = shape({"id": text(), "uid": text(256), "use_most_recent": flag})
EVENT_CONTEXT = shape(
    {
        "browser": shape({"url": text(), "user_agent": text(), "initial_referrer": text()}),
        "mobile": shape(
            {"app_id": text(), "app_version": text(), "app_name": text(), "build_variant": text()}
        ),
        "device": shape(
            {
                "manufacturer": text(),
                "model": text(),
                "screen_width": whole(0),
                "screen_height": whole(0),
                "viewport_width": whole(0),
                "viewport_height": whole(0),
            }
        ),
        "location": shape(
            {
                "country": text(),
                "region": text(),
                "city": text(),
                "latitude": number,
                "longitude": number,
                "ip_address": text(),
            }
        ),
    }
)
SHARED: Shape = {
    "context": EVENT_CONTEXT,
    "user": EVENT_USER,
    "session": EVENT_SESSION,
    "page_properties": properties,
    "page_properties_schema": SCHEMA,
}
EVENT: Shape = {
    "name": text(),
    "timestamp": moment,
    "properties": properties,
    "schema": SCHEMA,
    **SHARED,
}
BATCH_USERS: Shape = {"requests": anything}
BATCH_EVENTS: Shape = {"requests": anything, "shared": shape(SHARED)}

_RANGE = shape({"start": moment_or_open, "end": moment_or_open})
EXPORT: Shape = {
    "segmentId": text(),
    "type": one_of("TYPE_EVENT", "TYPE_INDIVIDUAL"),
    "format": one_of("FORMAT_JSON", "FORMAT_CSV", "FORMAT_NDJSON"),
    "timeRange": _RANGE,
    "segmentTimeRange": _RANGE,
    "now": moment,
    "timezone": pattern(r"[A-Za-z0-9_+\-]+(/[A-Za-z0-9_+\-]+)*", "an IANA time zone"),
    "fields": list_of(text()),
    "eventDetails": shape(
        {"scope": one_of("SCOPE_EVENTS", "SCOPE_PAGES", "SCOPE_SESSIONS", "SCOPE_INDIVIDUALS")}
    ),
}

_EVENT_TYPES = list_of(
    shape({"eventName": text(), "event_name": text(), "subcategory": text()}),
)
WEBHOOK: Shape = {
    "url": text(),
    "secret": text(),
    "eventTypes": _EVENT_TYPES,
    "event_types": _EVENT_TYPES,
}
WEBHOOK_UPDATE: Shape = {**WEBHOOK, "disabled": flag}

ANNOTATION: Shape = {
    "text": text(200),
    "start_time": moment,
    "end_time": moment,
    "source": text(40),
}

PAGE_TOKEN: Shape = {"page_token": text()}
LIMIT_100: Shape = {"limit": whole(1, 100)}
SCHEMA_WANTED: Shape = {"include_schema": flag_text}
