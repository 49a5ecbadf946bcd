"""One record a call: who, which tool, how it ended. Never what was sent, never what came back."""

import io
import logging
import re
from collections.abc import Iterator
from typing import Any

import httpx2 as httpx
import pytest
from mcp.shared.exceptions import MCPError

from fullstory_mcp.principal import ApiKey
from fullstory_mcp.sandbox import Fault
from fullstory_mcp.server.logs import SafeFormatter
from support import confirmation_in, connected
from transports import KEY, Api, Reply

pytestmark = pytest.mark.anyio

AUDIT = "fullstory_mcp.audit"
STRANGER = "nora.quist@example.com"
SENTENCE = re.compile(
    r"stdio, key [0-9a-f]{16}: (\S+) (answered|asked|refused|failed|cancelled)( \(.+\))? in \d\.\d{3} s"
)


@pytest.fixture
def records(caplog: pytest.LogCaptureFixture) -> Any:
    """Gives the audit's lines since the last time, as (tool, outcome, reason)."""
    caplog.set_level(logging.INFO, AUDIT)

    def lines() -> list[tuple[str, str, str]]:
        found = []
        for record in caplog.records:
            if record.name == AUDIT:
                match = SENTENCE.fullmatch(record.getMessage())
                assert match, record.getMessage()
                found.append((match[1], match[2], (match[3] or "").strip(" ()")))
        caplog.clear()
        return found

    return lines


CALLS: list[tuple[str, dict[str, Any], tuple[str, str, str]]] = [
    ("get_quotas", {}, ("get_quotas", "answered", "")),
    ("list_sessions", {"email": STRANGER}, ("list_sessions", "answered", "")),
    ("delete_user", {"uid": "cust-1042"}, ("delete_user", "asked", "")),
    ("list_webhook_endpoints", {}, ("list_webhook_endpoints", "refused", "NotPermitted")),
    ("list_sessions", {"mail": STRANGER}, ("list_sessions", "refused", "InvalidArguments")),
    (
        "delete_user",
        {"uid": "cust-1042", "confirmation": "made-up"},
        ("delete_user", "refused", "NotConfirmed"),
    ),
    ("get_user", {"id": "5721348069376000"}, ("get_user", "failed", "NotFound, 404")),
    ("explain_access", {}, ("explain_access", "answered", "")),
    ("explain_access", {"tool": "none"}, ("explain_access", "refused", "InvalidArguments")),
]


@pytest.mark.parametrize(("tool", "arguments", "expected"), CALLS)
async def test_every_call_leaves_a_line_of_how_it_ended(
    tool: str, arguments: dict[str, Any], expected: tuple[str, str, str], records: Any
) -> None:
    """Answered, asked, refused or failed, with the kind of fault and the API's status.

    Before it come those of its legs, such as what a preview looked up.
    """
    async with connected("architect") as server:
        await server.call(tool, **arguments)

    assert records()[-1] == expected


FAULTS: list[tuple[dict[str, Any], str]] = [
    ({"status": 401}, "KeyRefused, 401"),
    ({"status": 403}, "Forbidden, 403"),
    ({"status": 400}, "Rejected, 400"),
    ({"status": 429, "headers": {"Retry-After": "99"}}, "RateLimited, 429"),
    ({"status": 503}, "Unavailable, 503"),
    ({"drop": True, "drop_error": httpx.ReadError}, "Unavailable"),
    ({"body": b"<html>"}, "Unreadable, 200"),
]


@pytest.mark.parametrize(("fault", "reason"), FAULTS)
async def test_failure_of_the_api_is_recorded_with_its_kind(
    fault: dict[str, Any], reason: str, records: Any
) -> None:
    """However many tries were made, the call has one record."""
    async with connected() as server:
        server.sandbox.faults.add(Fault(path="/v2", **fault))
        await server.error("get_quotas")

    assert records() == [("get_quotas", "failed", reason)]


async def test_confirmed_deletion_leaves_its_two_records(records: Any) -> None:
    """Asked, then answered: who deleted what kind of thing can be told afterwards."""
    async with connected() as server:
        asked = await server.call("delete_user", uid="cust-1042")
        await server.call("delete_user", uid="cust-1042", confirmation=confirmation_in(asked))

    assert [row[:2] for row in records() if row[0] == "delete_user"] == [
        ("delete_user", "asked"),
        ("delete_user", "answered"),
    ]


async def test_leg_of_a_composite_has_its_own_record(records: Any) -> None:
    """What a tool does on the way is no secret of its own."""
    hook = "aHR0cHM6Ly9ob29rcy5leGFtcGxlLmNvbS9mdWxsc3Rvcnk="
    async with connected() as server:
        await server.data("update_webhook_endpoint", id=hook, secret="new")

    assert records() == [
        ("get_webhook_endpoint", "answered", ""),
        ("update_webhook_endpoint", "answered", ""),
    ]


@pytest.mark.parametrize("name", ["no_such_tool", "evil\nname", STRANGER])
async def test_unknown_tool_is_recorded_without_its_name(name: str, records: Any) -> None:
    """The name is the caller's text and could be anything."""
    async with connected() as server:
        with pytest.raises(MCPError):
            await server.call(name)

    assert records() == [("?", "refused", "UnknownTool")]


async def test_listing_tools_is_no_call(records: Any) -> None:
    """Only calls are recorded."""
    async with connected() as server:
        await server.names()

    assert records() == []


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """What our own loggers write at their most talkative, as the server's log would have it."""
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    handler.setFormatter(SafeFormatter(lambda: ApiKey(KEY)))
    logger = logging.getLogger("fullstory_mcp")
    before = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.DEBUG)
    yield written
    logger.setLevel(before)
    logger.removeHandler(handler)


async def test_records_hold_no_value_and_no_key(log: io.StringIO) -> None:
    """At the most talkative level, neither arguments, answers nor the key are written."""
    api = Api(Reply('{"email": "answer@example.com", "message": "from the API"}', 400))
    async with connected(transport=api, FULLSTORY_API_KEY=KEY) as server:
        await server.call("create_user", uid="cust-77", email=STRANGER, idempotency_key="secret-1")
        await server.call("list_sessions", email=STRANGER, wrong=STRANGER)

    written = log.getvalue()
    assert "create_user failed" in written
    for value in (KEY, KEY[4:12], "cust-77", STRANGER, "answer@", "from the API", "secret-1"):
        assert value not in written


class Breaks(Api):
    """A transport that fails as no transport should, with the key in its text."""

    async def answer(self, request: httpx.Request) -> httpx.Response:
        """Never answers."""
        raise RuntimeError(request.headers["authorization"])


async def test_unexpected_exception_is_told_in_general_words_and_logged_without_its_text(
    log: io.StringIO,
) -> None:
    """What nobody foresaw leaks neither to the client nor to the log, and the server stays up."""
    async with connected(transport=Breaks(), FULLSTORY_API_KEY=KEY) as server:
        with pytest.raises(MCPError) as raised:
            await server.call("get_quotas")
        assert "explain_access" in await server.names()

    written = log.getvalue()
    assert raised.value.error.message == (
        "Something went wrong inside fullstory-mcp. Nothing more is said here; its log names the place."
    )
    assert "get_quotas failed (internal error)" in written
    assert "RuntimeError (its text is not logged)" in written
    assert KEY[4:12] not in written
