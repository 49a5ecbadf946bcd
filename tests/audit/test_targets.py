"""Which ids a call leaves in the audit, so that whoever looks for a user, session or endpoint finds it."""

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from audit.logs import ANA, auditing, catalogue, raw_of, records
from fullstory_mcp.audit.lines import JsonLines
from fullstory_mcp.audit.telling import Wanted, paired
from support import connected

pytestmark = pytest.mark.anyio

UID, EMAIL = "cust-1042", "nora.quist@example.com"
SECRET = "SECRET-TEXT"

CALLS: dict[str, tuple[str, dict[str, Any], dict[str, list[str]]]] = {
    "an event of a user": (
        "create_event",
        {"name": SECRET, "user": {"uid": UID}, "properties": {"a": SECRET}},
        {"user.uid": [UID]},
    ),
    "an event in a session": (
        "create_event",
        {"name": SECRET, "session": {"id": "1:2"}},
        {"session.id": ["1:2"]},
    ),
    "events of users": (
        "create_event_import",
        {"requests": [{"name": SECRET, "user": {"uid": UID}}, {"name": "E", "user": {"id": "7"}}]},
        {"requests[].user.uid": [UID], "requests[].user.id": ["7"]},
    ),
    "events of one user": (
        "create_event_import",
        {"requests": [{"name": SECRET}], "shared": {"user": {"uid": UID}}},
        {"shared.user.uid": [UID]},
    ),
    "users": (
        "create_user_import",
        {"requests": [{"uid": UID, "email": EMAIL, "display_name": SECRET}, {"id": "7"}]},
        {"requests[].uid": [UID], "requests[].id": ["7"]},
    ),
    "a user's new uid": (
        "update_user",
        {"id": "7", "uid": UID, "email": EMAIL},
        {"id": ["7"], "uid": [UID]},
    ),
    "sessions by e-mail": ("list_sessions", {"email": EMAIL}, {"email": [EMAIL]}),
    "a review by e-mail": ("review_user", {"email": EMAIL}, {"email": [EMAIL]}),
    "users by e-mail": (
        "list_users",
        {"email": EMAIL, "display_name": SECRET},
        {"email": [EMAIL]},
    ),
    "users' frictions": ("find_friction", {"users": [UID, EMAIL]}, {"users": [UID, EMAIL]}),
    "a user's own address": ("create_user", {"uid": UID, "email": EMAIL}, {"uid": [UID]}),
    "an annotation": ("create_annotation", {"text": SECRET, "source": SECRET}, {}),
    "a profile": ("create_summary_profile", {"name": SECRET}, {}),
}


@pytest.mark.parametrize(("tool", "arguments", "targets"), CALLS.values(), ids=CALLS)
async def test_ids_are_written_down_and_nothing_else(
    tool: str, arguments: dict[str, Any], targets: dict[str, list[str]], tmp_path: Path
) -> None:
    """Wherever in the arguments they stand; an e-mail address is one where somebody is looked up by it."""
    path = tmp_path / "audit.jsonl"
    async with connected(FULLSTORY_MCP_AUDIT_FILE=str(path)) as server:
        await server.call(tool, **arguments)

    calls = [call for call in paired(records(raw_of(path))) if call.tool == tool]
    assert calls[0].targets == targets
    assert SECRET.encode() not in raw_of(path)
    assert (EMAIL.encode() in raw_of(path)) is any(EMAIL in ids for ids in targets.values())
    for wanted in (one for ids in targets.values() for one in ids):
        assert Wanted(target=wanted).fits(calls[0])
    assert not Wanted(target=SECRET).fits(calls[0])


async def test_first_twenty_are_written_and_the_others_counted(tmp_path: Path) -> None:
    """Each once: a batch about one user names that user."""
    path = tmp_path / "audit.jsonl"
    rows = [{"name": "E", "user": {"uid": f"u{number % 25}"}} for number in range(100)]
    async with connected(FULLSTORY_MCP_AUDIT_FILE=str(path)) as server:
        await server.call("create_event_import", requests=rows)

    first, *_ = records(raw_of(path))
    assert first["targets"] == {"requests[].user.uid": [f"u{number}" for number in range(20)]}
    assert first["more"] == {"requests[].user.uid": 5}


@pytest.mark.parametrize("typed", ["my password is hunter2", "x" * 129, "a\u202eb", "a\u00a0b"])
async def test_text_that_was_typed_for_an_id_is_written_as_its_hash(
    typed: str, tmp_path: Path
) -> None:
    """It is no id, and can still be looked for."""
    path = tmp_path / "audit.jsonl"
    async with connected(FULLSTORY_MCP_AUDIT_FILE=str(path)) as server:
        await server.call("create_user", uid=typed)

    (call,) = paired(records(raw_of(path)))
    hashed = hashlib.sha256(typed.encode()).hexdigest()[:16]
    assert call.targets == {"uid": [f"sha256:{hashed}"]}
    assert json.dumps(typed)[1:-1].encode() not in raw_of(path)
    assert Wanted(target=typed).fits(call)
    assert Wanted(target=f"sha256:{hashed}").fits(call)


ANSWERS: list[tuple[str, dict[str, Any], Any, list[str]]] = [
    ("create_webhook_endpoint", {}, {"id": "aHR0cHM6", "url": "https://a.example"}, ["aHR0cHM6"]),
    ("create_summary_profile", {}, {"id": "p1", "name": SECRET}, ["p1"]),
    ("create_segment_export", {"segmentId": "s1"}, {"operationId": "o1"}, ["o1"]),
    ("create_user_import", {}, {"job": {"id": "j1", "status": "x"}}, ["j1"]),
    ("update_user", {"id": "7"}, {"id": "7", "uid": SECRET}, []),
    ("create_user", {"uid": UID}, {"id": 7, "uid": UID}, ["7"]),
    ("get_user", {"id": "7"}, {"id": "8"}, []),
    ("create_user", {"uid": UID}, ["id"], []),
    ("create_user", {"uid": UID}, None, []),
]


@pytest.mark.parametrize(("tool", "arguments", "answer", "made"), ANSWERS)
async def test_id_in_the_answer_to_a_write_is_in_its_second_record(
    tool: str, arguments: dict[str, Any], answer: Any, made: list[str], tmp_path: Path
) -> None:
    """What was made can be looked for by the id that it was given then."""
    path = tmp_path / "audit.jsonl"
    known = catalogue().tools[tool]
    async with auditing(JsonLines(path)) as audit, audit.call(ANA, tool) as record:
        record.of(known, arguments)
        await audit.decided(record, changes=True)
        record.answered_by(known, answer)
        record.outcome = "answered"

    (call,) = paired(records(raw_of(path)))
    assert call.made == made
    assert all(Wanted(target=one).fits(call) for one in made)
    assert SECRET.encode() not in raw_of(path)
