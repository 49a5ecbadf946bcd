"""Every way an argument can be wrong, and the exact words that say so. Nothing is ever sent."""

from typing import Any

import pytest

from fullstory_mcp.arguments import Binder
from fullstory_mcp.catalogue import load_catalogue
from fullstory_mcp.errors import InvalidArguments
from support import connected

pytestmark = pytest.mark.anyio

SESSION = {"session_id": "1:2"}
EXPORT = {"segmentId": "everyone", "type": "TYPE_EVENT", "format": "FORMAT_JSON"}
TIME = "must be a time in RFC 3339, such as 2026-09-14T16:00:00Z"
INT64 = 'must be a whole number as text, such as "20"'
ID = "must be an id: not empty, without /, \\, %, .. or control characters"
SLICE = "mode, event_limit, duration_limit_ms, start_timestamp, end_timestamp"
KINDS = "str, strs, int, ints, real, reals, bool, bools, date, dates"
NAMES = "names must begin with a letter and hold only letters, digits and _"

Case = tuple[str, dict[str, Any], list[str]]

TYPES: list[Case] = [
    ("list_sessions", {"uid": 5}, ["uid: must be a string"]),
    ("list_sessions", {"uid": None}, ["uid: must be a string"]),
    ("list_sessions", {"uid": ["x"]}, ["uid: must be a string"]),
    ("list_users", {"is_identified": "yes"}, ["is_identified: must be a boolean"]),
    ("list_users", {"is_identified": 1}, ["is_identified: must be a boolean"]),
    ("list_segments", {"limit": 1.5}, ["limit: must be an integer"]),
    ("list_segments", {"limit": {}}, ["limit: must be an integer"]),
    ("generate_context", {**SESSION, "slice": "LAST"}, ["slice: must be an object"]),
    (
        "generate_context",
        {**SESSION, "events": {"include_types": "click"}},
        ["events.include_types: must be an array"],
    ),
    (
        "create_summary_profile",
        {"llm": {"temperature": "warm"}},
        ["llm.temperature: must be a number"],
    ),
    ("create_user_import", {"requests": {"uid": "x"}}, ["requests: must be an array"]),
    ("create_user_import", {"requests": [["x"]]}, ["requests[0]: must be an object"]),
    (
        "create_webhook_endpoint",
        {"url": "https://hooks.example.com", "secret": "s", "eventTypes": [{"eventName": 7}]},
        ["eventTypes[0].eventName: must be a string"],
    ),
]

MISSING: list[Case] = [
    ("get_user", {}, ["id: is required"]),
    (
        "create_segment_export",
        {},
        [f"{name}: is required" for name in ("segmentId", "type", "format", "timeRange")],
    ),
    (
        "create_webhook_endpoint",
        {"url": "https://hooks.example.com", "secret": "s", "eventTypes": [{}]},
        ["eventTypes[0].eventName: is required"],
    ),
    ("create_event_import", {"requests": [{}]}, ["requests[0].name: is required"]),
    (
        "create_summary_profile",
        {"llm": {"response_schema": {"title": "T"}}},
        ["llm.response_schema.type: is required"],
    ),
]

UNKNOWN: list[Case] = [
    (
        "list_sessions",
        {"uid": "x", "user_id": "y"},
        ["user_id: is not known here; known: uid, email, session_uid, limit, cursor"],
    ),
    ("get_quotas", {"verbose": True}, ["verbose: is not known here; known: none"]),
    (
        "get_user",
        {"id": "1", "a": 1, "b": 2, "c": 3, "d": 4, "e": 5},
        [f"{name}: is not known here; known: id, include_schema" for name in "abcde"],
    ),
    (
        "generate_context",
        {**SESSION, "slice": {"from": "start"}},
        [f"slice.from: is not known here; known: {SLICE}"],
    ),
    (
        "create_user_import",
        {"requests": [{"uid": "x"}, {"uid": "y", "name": "Mira"}]},
        [
            "requests[1].name: is not known here; known: id, uid, display_name, email, properties, schema"
        ],
    ),
    (
        "get_quotas",
        {"x" * 65: 1},
        ["(a long or unprintable name): is not known here; known: none"],
    ),
    (
        "get_quotas",
        {"ignore\nall": 1},
        ["(a long or unprintable name): is not known here; known: none"],
    ),
    (
        "create_summary_profile",
        {"llm": {"response_schema": {"type": "OBJECT", "properties": {"a": {"$ref": "#"}}}}},
        [
            (
                "llm.response_schema.properties.a.$ref: cannot be said in Fullstory's schemas; they know type, "
                "title, description, properties, required, items and enum, and null beside a type"
            )
        ],
    ),
]

LENGTHS: list[Case] = [
    ("list_sessions", {"uid": ""}, ["uid: must not be empty"]),
    ("list_sessions", {"uid": "x" * 257}, ["uid: must have at most 256 characters"]),
    ("create_user", {"uid": "x" * 257}, ["uid: must have at most 256 characters"]),
    ("delete_user", {"uid": "x" * 257}, ["uid: must have at most 256 characters"]),
    (
        "create_user",
        {"uid": "x", "email": "e" * 129, "display_name": "d" * 257},
        [
            "email: must have at most 128 characters",
            "display_name: must have at most 256 characters",
        ],
    ),
    (
        "create_annotation",
        {"text": "t" * 201, "source": "s" * 41},
        ["text: must have at most 200 characters", "source: must have at most 40 characters"],
    ),
    ("create_annotation", {"text": ""}, ["text: must not be empty"]),
    ("get_segment", {"id": "x" * 257}, ["id: must have at most 256 characters"]),
    ("create_user_import", {"requests": []}, ["requests: must not be empty"]),
    (
        "create_webhook_endpoint",
        {"url": "https://hooks.example.com", "secret": "", "eventTypes": []},
        ["secret: must not be empty", "eventTypes: must not be empty"],
    ),
    (
        "generate_context",
        {**SESSION, "events": {"include_types": ["click", ""]}},
        ["events.include_types[1]: must not be empty"],
    ),
]

FORMATS: list[Case] = [
    ("create_annotation", {"text": "x", "start_time": "yesterday"}, [f"start_time: {TIME}"]),
    ("create_event", {"name": "x", "timestamp": "2026-09-14"}, [f"timestamp: {TIME}"]),
    ("create_event", {"name": "x", "timestamp": "2026-09-14T16:00:00"}, [f"timestamp: {TIME}"]),
    ("create_event", {"name": "x", "timestamp": "2026-13-01T00:00:00Z"}, [f"timestamp: {TIME}"]),
    (
        "create_segment_export",
        {**EXPORT, "timeRange": {"start": "2026-09-14"}},
        ['timeRange.start: must be a time in RFC 3339, or "" for open'],
    ),
    ("list_sessions", {"uid": "x", "limit": "ten"}, [f"limit: {INT64}"]),
    ("list_sessions", {"uid": "x", "limit": "-5"}, [f"limit: {INT64}"]),
    ("get_event_export", {"id": "12x"}, [f"id: {INT64}"]),
    ("create_user", {"uid": "x", "idempotency_key": "two words"},
     ["idempotency_key: must match ^[!-~]+$"]),
]  # fmt: skip

RANGES: list[Case] = [
    ("list_segments", {"limit": 0}, ["limit: must be at least 1"]),
    ("list_segments", {"limit": 101}, ["limit: must be at most 100"]),
    ("list_webhook_event_subcategories", {"event_name": "x", "limit": 1001},
     ["limit: must be at most 1000"]),
    ("list_event_exports", {"start": -1}, ["start: must be at least 0"]),
    ("get_webhook_event_sample", {"event_name": "x", "version": 0}, ["version: must be at least 1"]),
    ("generate_context", {**SESSION, "slice": {"event_limit": 2**31}},
     ["slice.event_limit: must be at most 2147483647"]),
    ("create_event", {"name": "x", "context": {"location": {"latitude": 90.5, "longitude": -181}}},
     ["context.location.latitude: must be at most 90", "context.location.longitude: must be at least -180"]),
]  # fmt: skip

CHOICES: list[Case] = [
    ("list_operations", {"state": "DONE"}, ["state: must be one of PENDING, COMPLETED, FAILED"]),
    ("list_operations", {"state": "pending"}, ["state: must be one of PENDING, COMPLETED, FAILED"]),
    ("generate_context", {**SESSION, "slice": {"mode": "MIDDLE"}},
     ["slice.mode: must be one of UNSPECIFIED, FIRST, LAST, TIMESTAMP"]),
    ("generate_context", {**SESSION, "context": {"include": ["user", "cookies"]}},
     ["context.include[1]: must be one of user, org, location, device"]),
    ("create_user", {"uid": "x", "schema": {"properties": {"plan": "string"}}},
     [f"schema.properties.plan: must be one of {KINDS}"]),
    ("create_summary_profile", {"llm": {"response_schema": {"type": "OBJECT", "properties": {"a": {"type": "object"}}}}},
     [("llm.response_schema.properties.a.type: belongs to JSON Schema, but the schema is written in Fullstory's own "
      "dialect: use one of the two throughout")]),
    ("create_event", {"name": "x", "user": {"uid": "u"}, "session": {"use_most_recent": False}},
     ["session.use_most_recent: must be true"]),
    ("create_segment_export", {**EXPORT, "timeRange": {}, "fields": ["UserId", "UserId"]},
     ["fields: must not repeat an item"]),
]  # fmt: skip

SEVERAL: list[Case] = [
    (
        "generate_context",
        {**SESSION, "slice": {"mode": "MIDDLE", "event_limit": 0, "foo": 1, "end_timestamp": "x"}},
        [
            "slice.mode: must be one of UNSPECIFIED, FIRST, LAST, TIMESTAMP",
            "slice.event_limit: must be at least 1",
            f"slice.end_timestamp: {TIME}",
            f"slice.foo: is not known here; known: {SLICE}",
        ],
    ),
    (
        "create_user",
        {"uid": "x", "properties": {"1a": 1, "b c": 2, "fine": {"d.e": 3}}},
        [f"properties: {NAMES}"] * 3,
    ),
]

CASES = [*TYPES, *MISSING, *UNKNOWN, *LENGTHS, *FORMATS, *RANGES, *CHOICES, *SEVERAL]


def text_of(faults: list[str]) -> str:
    """What the faults are told as together."""
    head = "1 argument is" if len(faults) == 1 else f"{len(faults)} arguments are"
    return "\n- ".join([f"Nothing was sent: {head} not usable.", *faults])


@pytest.mark.parametrize(("tool", "arguments", "faults"), CASES)
async def test_faulty_call_names_every_faulty_field_and_sends_nothing(
    tool: str, arguments: dict[str, Any], faults: list[str]
) -> None:
    """Each fault is told by its field and in our own words, all of them at once."""
    async with connected() as server:
        text = await server.error(tool, **arguments)
        sent = server.sent()

    assert text == text_of(faults)
    assert sent == []


@pytest.mark.parametrize("count", [10, 11, 999])
async def test_first_ten_faults_are_named_and_all_are_counted(count: int) -> None:
    """A batch full of mistakes is answered by a short text with the true number."""
    async with connected() as server:
        text = await server.error("create_user_import", requests=[{"uid": 5}] * count)

    named = [f"- requests[{row}].uid: must be a string" for row in range(min(count, 10))]
    more = ["The first 10 are shown."] if count > 10 else []
    assert text.split("\n") == [
        f"Nothing was sent: {count} arguments are not usable.",
        *named,
        *more,
    ]


async def test_counting_stops_at_a_thousand() -> None:
    """What is told is then a lower bound, and says so."""
    async with connected() as server:
        text = await server.error("create_user_import", requests=[{"uid": 5}] * 1_500)

    assert text.startswith("Nothing was sent: at least 1000 arguments are not usable.\n")


def nested(deep: int) -> dict[str, Any]:
    """Objects within objects, so many deep."""
    found: dict[str, Any] = {}
    for _ in range(deep):
        found = {"a": found}
    return found


async def test_deeply_nested_properties_are_sent() -> None:
    """Nesting is allowed by the vendor and is no fault by itself."""
    async with connected() as server:
        result = await server.call("create_user", uid="x", properties=nested(150))

    assert not result.is_error


@pytest.mark.parametrize(
    "properties", [nested(300), {"a": "half a character: \ud83d"}], ids=["endless", "half"]
)
def test_arguments_that_no_json_can_carry_are_refused(properties: dict[str, Any]) -> None:
    """The doors' own readers stop most of it; whatever passes is refused in words, not by a crash."""
    catalogue = load_catalogue()
    with pytest.raises(InvalidArguments) as raised:
        Binder(catalogue.provider).bind(
            catalogue.tools["create_user"], {"uid": "x", "properties": properties}
        )

    assert str(raised.value) == text_of(
        ["arguments: must be well-formed text, nested at most 200 deep"]
    )
