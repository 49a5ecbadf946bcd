"""What JSON Schema cannot say: each rule where it holds, where it does not, and what is told."""

from typing import Any

import pytest

from fullstory_mcp.arguments.rules import RULES
from fullstory_mcp.catalogue import load_catalogue
from support import connected

pytestmark = pytest.mark.anyio

TOOLS = load_catalogue().tools
EXPORT = {"segmentId": "everyone", "type": "TYPE_EVENT", "format": "FORMAT_JSON"}
HOOK = {"secret": "s", "eventTypes": [{"eventName": "note.created"}]}
EARLY, LATE = "2026-09-14T15:00:00Z", "2026-09-14T16:00:00Z"
NAMES = "properties: names must begin with a letter and hold only letters, digits and _"
ZONE = "timezone: must be an IANA time zone, such as America/New_York"
HTTPS = "url: must be an https:// address without a user name or password"
OPEN = {"start": "", "end": ""}

Row = tuple[str, str, dict[str, Any], str]
"""A rule, a tool that has it, arguments, and the fault ("" where there is none)."""

ROWS: list[Row] = [
    ("exactly_one", "delete_user", {"id": "1"}, ""),
    ("exactly_one", "delete_user", {"uid": "cust-1"}, ""),
    ("exactly_one", "delete_user", {}, "id or uid: exactly one is needed, none is given"),
    ("exactly_one", "delete_user", {"id": "1", "uid": "2"},
     "id or uid: exactly one is needed, id, uid are given"),
    ("exactly_one", "create_event", {"name": "x", "user": {"uid": "a", "id": "b"}},
     "user.uid or user.id: exactly one is needed, user.uid, user.id are given"),
    ("exactly_one", "create_event", {"name": "x", "session": {"id": "a", "uid": "b"}},
     ("session.id or session.uid or session.use_most_recent: exactly one is needed, session.id, "
     "session.uid are given")),
    ("at_least_one", "list_sessions", {"email": "a@example.com"}, ""),
    ("at_least_one", "list_sessions", {"limit": "5"},
     "uid or email or session_uid: at least one is needed, none is given"),
    ("at_least_one", "update_user", {"id": "1"},
     "uid or display_name or email or properties or schema: at least one is needed, none is given"),
    ("at_least_one", "update_webhook_endpoint", {"id": "ab"},
     "url or secret or eventTypes or disabled: at least one is needed, none is given"),
    ("at_least_one", "create_user_import", {"requests": [{"uid": "a"}, {"email": "b@example.com"}]},
     "requests[1].uid or id: at least one is needed, none is given"),
    ("excludes", "list_sessions", {"uid": "a", "email": "a@example.com"}, ""),
    ("excludes", "list_sessions", {"session_uid": "a"}, ""),
    ("excludes", "list_sessions", {"session_uid": "a", "uid": "b"},
     "session_uid: cannot be combined with uid"),
    ("excludes", "list_sessions", {"session_uid": "a", "uid": "b", "email": "c@example.com"},
     "session_uid: cannot be combined with uid, email"),
    ("excludes", "create_event", {"name": "x", "user": {"uid": "a"}, "session": {"id": "1:2"}},
     "session.id: cannot be combined with user"),
    ("excludes", "create_event_import",
     {"requests": [{"name": "x", "session": {"id": "1:2"}}], "shared": {"user": {"uid": "a"}}},
     "requests[0].session.id: cannot be combined with user"),
    ("requires", "create_event",
     {"name": "x", "user": {"uid": "a"}, "session": {"use_most_recent": True}}, ""),
    ("requires", "create_event", {"name": "x", "session": {"use_most_recent": True}},
     "session.use_most_recent: also needs user"),
    ("requires", "create_event_import",
     {"requests": [{"name": "x", "session": {"use_most_recent": True}}], "shared": {"user": {"uid": "a"}}},
     ""),
    ("requires", "create_event_import",
     {"requests": [{"name": "x"}, {"name": "y", "session": {"use_most_recent": True}}]},
     "requests[1].session.use_most_recent: also needs user"),
    ("before", "create_annotation", {"text": "x", "start_time": EARLY, "end_time": LATE}, ""),
    ("before", "create_annotation", {"text": "x", "end_time": EARLY}, ""),
    ("before", "create_annotation", {"text": "x", "start_time": LATE, "end_time": EARLY},
     "start_time: must be before end_time"),
    ("before", "create_annotation", {"text": "x", "start_time": EARLY, "end_time": EARLY},
     "start_time: must be before end_time"),
    ("before", "create_annotation",
     {"text": "x", "start_time": "2026-09-14T16:00:00+02:00", "end_time": EARLY}, ""),
    ("before", "create_annotation",
     {"text": "x", "start_time": "2026-09-14t15:00:00.123456789z", "end_time": EARLY},
     "start_time: must be before end_time"),
    ("before", "create_segment_export", {**EXPORT, "timeRange": {"start": LATE, "end": ""}}, ""),
    ("before", "create_segment_export", {**EXPORT, "timeRange": {"start": LATE, "end": EARLY}},
     "timeRange.start: must be before timeRange.end"),
    ("before", "create_segment_export",
     {**EXPORT, "timeRange": OPEN, "segmentTimeRange": {"start": LATE, "end": EARLY}},
     "segmentTimeRange.start: must be before segmentTimeRange.end"),
    ("int_range", "list_sessions", {"uid": "a", "limit": "1"}, ""),
    ("int_range", "list_sessions", {"uid": "a", "limit": "100"}, ""),
    ("int_range", "list_sessions", {"uid": "a", "limit": "0"}, "limit: must be from 1 to 100"),
    ("int_range", "list_sessions", {"uid": "a", "limit": "101"}, "limit: must be from 1 to 100"),
    ("int_range", "generate_context", {"session_id": "1:2", "slice": {"duration_limit_ms": "0"}},
     "slice.duration_limit_ms: must be at least 1"),
    ("time_zone", "create_segment_export", {**EXPORT, "timeRange": OPEN, "timezone": "Europe/Prague"}, ""),
    ("time_zone", "create_segment_export", {**EXPORT, "timeRange": OPEN, "timezone": "UTC"}, ""),
    ("time_zone", "create_segment_export", {**EXPORT, "timeRange": OPEN, "timezone": "Mars/Olympus"}, ZONE),
    ("time_zone", "create_segment_export", {**EXPORT, "timeRange": OPEN, "timezone": "../../etc/hosts"}, ZONE),
    ("time_zone", "create_segment_export", {**EXPORT, "timeRange": OPEN, "timezone": "/etc/hosts"}, ZONE),
    ("time_zone", "create_segment_export", {**EXPORT, "timeRange": OPEN, "timezone": "America"}, ZONE),
    ("time_zone", "create_segment_export", {**EXPORT, "timeRange": OPEN, "timezone": "+02:00"}, ZONE),
    ("https_url", "create_webhook_endpoint", {**HOOK, "url": "https://hooks.example.com/a?b=c"}, ""),
    ("https_url", "create_webhook_endpoint", {**HOOK, "url": "http://hooks.example.com"}, HTTPS),
    ("https_url", "create_webhook_endpoint", {**HOOK, "url": "hooks.example.com"}, HTTPS),
    ("https_url", "create_webhook_endpoint", {**HOOK, "url": "https://"}, HTTPS),
    ("https_url", "create_webhook_endpoint", {**HOOK, "url": "https://[bad"}, HTTPS),
    ("https_url", "create_webhook_endpoint", {**HOOK, "url": "https://me:pw@hooks.example.com"}, HTTPS),
    ("https_url", "create_webhook_endpoint", {**HOOK, "url": "https://hooks.example.com/a b"}, HTTPS),
    ("https_url", "update_webhook_endpoint", {"id": "ab", "url": "ftp://hooks.example.com"}, HTTPS),
    ("custom_properties", "create_user", {"uid": "a", "properties": {"plan_2": {"seats": 4}}}, ""),
    ("custom_properties", "create_user", {"uid": "a", "properties": {"2plan": 1}}, NAMES),
    ("custom_properties", "create_user", {"uid": "a", "properties": {"my plan": 1}}, NAMES),
    ("custom_properties", "create_user", {"uid": "a", "properties": {"a.b": 1}}, NAMES),
    ("custom_properties", "create_user", {"uid": "a", "properties": {"": 1}}, NAMES),
    ("custom_properties", "create_user", {"uid": "a", "properties": {"a": {"b-c": 1}}}, NAMES),
    ("custom_properties", "create_user", {"uid": "a", "properties": {"a": "x" * 8192}}, ""),
    ("custom_properties", "create_user", {"uid": "a", "properties": {"a": "x" * 8193}},
     "properties.a: must be at most 8192 bytes"),
    ("custom_properties", "create_user", {"uid": "a", "properties": {"a": {"b": ["é" * 4097]}}},
     "properties.a.b: must be at most 8192 bytes"),
    ("custom_properties", "create_user", {"uid": "a", "properties": {f"p{n}": n for n in range(500)}}, ""),
    ("custom_properties", "create_user", {"uid": "a", "properties": {f"p{n}": n for n in range(501)}},
     "properties: must have at most 500 names, nested ones included; it has 501"),
    ("custom_properties", "create_user",
     {"uid": "a", "properties": {"all": {f"p{n}": n for n in range(500)}}},
     "properties: must have at most 500 names, nested ones included; it has 501"),
    ("custom_properties", "create_user", {"uid": "a", "properties": {"a" * 512: 1}}, ""),
    ("custom_properties", "create_user", {"uid": "a", "properties": {"a" * 300: {"b" * 212: 1}}},
     "properties (a name of 513 characters): must have at most 512 characters, with its parents"),
    ("custom_properties", "create_event", {"name": "x", "page_properties": {"0": 1}},
     f"page_{NAMES}"),
    ("custom_properties", "create_event_import", {"requests": [{"name": "x", "properties": {"0": 1}}]},
     f"requests[0].{NAMES}"),
    ("custom_properties", "create_event_import",
     {"requests": [{"name": "x"}], "shared": {"page_properties": {"0": 1}}},
     f"shared.page_{NAMES}"),
    ("not_shared", "create_event_import",
     {"requests": [{"name": "x", "session": {"uid": "s"}}], "shared": {"user": {"uid": "a"}}}, ""),
    ("not_shared", "create_event_import",
     {"requests": [{"name": "x"}, {"name": "y", "user": {"uid": "b"}}], "shared": {"user": {"uid": "a"}}},
     "requests[1].user: is already set by shared, for every row"),
]  # fmt: skip


def test_every_rule_is_shown_where_it_holds_and_where_it_does_not() -> None:
    """No rule of the engine is left without both sides, and each tool named here has the rule."""
    kept = {rule for rule, _, _, fault in ROWS if not fault}
    broken = {rule for rule, _, _, fault in ROWS if fault}

    assert kept == broken == set(RULES)
    for rule, tool, _, _ in ROWS:
        assert rule in {row["rule"] for row in TOOLS[tool].input.rules}


@pytest.mark.parametrize(
    ("tool", "arguments", "fault"),
    [pytest.param(*case, id=f"{rule}-{number}") for number, (rule, *case) in enumerate(ROWS)],
)
async def test_rule_lets_good_calls_out_and_names_what_breaks_it(
    tool: str, arguments: dict[str, Any], fault: str
) -> None:
    """A call that keeps the rules is sent or asks to be confirmed; one that breaks one says which."""
    async with connected() as server:
        text = await server.text(tool, **arguments)
        sent = server.sent()

    if fault:
        assert text == f"Nothing was sent: 1 argument is not usable.\n- {fault}"
        assert sent == []
    else:
        assert not text.startswith("Nothing was sent")
