"""What a failure says: the cause, whether it may have taken effect, and what to do."""

from typing import Any

import httpx2 as httpx
import pytest

from fullstory_mcp.sandbox import Fault
from support import connected

pytestmark = pytest.mark.anyio

HURRIED = {"timeouts": {name: {"try": 0.1, "total": 28} for name in ("call", "session", "summary")}}

READ = ("get_quotas", {})
METERED = ("get_session_events", {"session_id": "1:2"})
CREATE = ("create_event", {"name": "Paid", "idempotency_key": "mine-1"})
WRITE = ("create_annotation", {"text": "Release"})

AGAIN = " Try again later."
UNCERTAIN = " It may have taken effect all the same: look before you repeat it."
REPEATABLE = (
    " It may have taken effect all the same. To repeat it without doing it twice, send the same "
    'call with idempotency_key: "mine-1".'
)
SILENT = "Fullstory did not answer within 1 second."
BROKEN = "The connection to Fullstory broke before its answer was whole."
REFUSED = (
    "Fullstory could not be reached: check FULLSTORY_API_URL and the network. Nothing was sent."
)
SERVER = "Fullstory answered with an error (503): “internal error”."
LIMIT = (
    "Fullstory's rate limit is reached (429): “Too many requests. Client has exceeded the rate limit "
    "for this endpoint.”. Nothing was done. Try again in "
)

CASES: list[tuple[dict[str, Any], tuple[str, dict[str, Any]], str]] = [
    ({"hang": True}, READ, SILENT + AGAIN),
    ({"hang": True}, METERED, SILENT + AGAIN),
    ({"hang": True}, CREATE, SILENT + REPEATABLE),
    ({"hang": True}, WRITE, SILENT + UNCERTAIN),
    ({"drop": True, "drop_error": httpx.ReadError}, READ, BROKEN + AGAIN),
    ({"drop": True, "drop_error": httpx.ReadError}, CREATE, BROKEN + REPEATABLE),
    ({"drop": True, "drop_error": httpx.ReadError}, WRITE, BROKEN + UNCERTAIN),
    ({"drop": True, "drop_error": httpx.ConnectError}, READ, REFUSED),
    ({"drop": True, "drop_error": httpx.ConnectError}, CREATE, REFUSED),
    ({"drop": True, "drop_error": httpx.ConnectError}, WRITE, REFUSED),
    (
        {"drop": True, "drop_error": httpx.ConnectTimeout},
        WRITE,
        "Fullstory could not be reached in time. Nothing was sent.",
    ),
    ({"status": 503}, READ, SERVER + AGAIN),
    ({"status": 503}, METERED, SERVER + AGAIN),
    ({"status": 503}, CREATE, SERVER + REPEATABLE),
    ({"status": 503}, WRITE, SERVER + UNCERTAIN),
    ({"status": 429, "headers": {"Retry-After": "1"}}, READ, LIMIT + "1 second."),
    ({"status": 429, "headers": {"Retry-After": "3600"}}, WRITE, LIMIT + "3600 seconds."),
    ({"status": 429, "headers": {"Retry-After": "40"}}, METERED, LIMIT + "40 seconds."),
    ({"status": 429}, CREATE, LIMIT + "a while."),
    (
        {"status": 400},
        WRITE,
        "Fullstory refused the request (400): “Invalid argument”. Correct the arguments and call again.",
    ),
    (
        {"status": 404},
        READ,
        "Fullstory knows no such thing (404): “Requested resource does not exist”. Check the id.",
    ),
    ({"status": 405}, READ, "Fullstory refused the request (405): “Method not allowed”."),
    ({"status": 418}, READ, "Fullstory refused the request (418): “internal error”."),
]


@pytest.mark.parametrize(("fault", "call", "expected"), CASES)
async def test_failure_says_cause_effect_and_what_to_do(
    fault: dict[str, Any], call: tuple[str, dict[str, Any]], expected: str
) -> None:
    """A read says to try later; a write says whether it may have happened and how to be sure."""
    tool, arguments = call
    hurried = HURRIED if "hang" in fault else None
    async with connected(provider=hurried) as server:
        server.sandbox.faults.add(Fault(path="/v2", **fault))
        text = await server.error(tool, **arguments)
        server.sandbox.faults.clear()
        await server.data("get_quotas")

    assert text == expected
