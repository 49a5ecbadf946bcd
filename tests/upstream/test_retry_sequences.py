"""Failures of different kinds in one call: what the last word is, and that none is forgotten."""

from typing import Any

import httpx2 as httpx
import pytest

from support import connected
from transports import KEY, Api, Reply

pytestmark = pytest.mark.anyio

LIMITED = Reply('{"message": "slow down"}', 429, {"Retry-After": "1"})
FAILED = Reply('{"message": "internal error"}', 500)
REFUSED = Reply(error=httpx.ConnectError)
BROKEN = Reply(error=httpx.ReadError)
SILENT = Reply(error=httpx.ConnectTimeout)
BAD = Reply('{"message": "name is wrong"}', 400)
UNKNOWN_KEY = Reply('{"message": "no such key"}', 401)
FORBIDDEN = Reply('{"message": "not with this key"}', 403)
CONFLICT = Reply('{"message": "still running"}', 409)
DONE = Reply("{}")

READ = ("get_quotas", {})
METERED = ("get_session_events", {"session_id": "1:2"})
CREATE = ("create_event", {"name": "Paid", "idempotency_key": "mine-1"})
WRITE = ("create_annotation", {"text": "Release"})

Call = tuple[str, dict[str, Any]]

SEQUENCES: list[tuple[Call, list[Reply], int, bool]] = [
    (READ, [FAILED, LIMITED, BROKEN, DONE], 4, True),
    (READ, [FAILED, LIMITED, BROKEN, FAILED, DONE], 4, False),
    (READ, [SILENT, FAILED, DONE], 3, True),
    (READ, [FAILED, FAILED, FAILED, SILENT, DONE], 4, False),
    (READ, [SILENT, FAILED, SILENT, DONE], 3, False),
    (READ, [FAILED, BAD, DONE], 2, False),
    (METERED, [LIMITED, FAILED, DONE], 2, False),
    (METERED, [FAILED, DONE], 2, True),
    (METERED, [FAILED, SILENT, DONE], 2, False),
    (CREATE, [BROKEN, LIMITED, FAILED, DONE], 4, True),
    (CREATE, [REFUSED, SILENT, FAILED, DONE], 4, True),
    (WRITE, [LIMITED, LIMITED, DONE], 3, True),
    (WRITE, [LIMITED, FAILED, DONE], 2, False),
    (WRITE, [LIMITED, BROKEN, DONE], 2, False),
    (WRITE, [FAILED, DONE], 1, False),
]


@pytest.mark.parametrize(("call", "replies", "tries", "answered"), SEQUENCES)
async def test_kinds_of_failure_share_the_tries_of_one_call(
    call: Call, replies: list[Reply], tries: int, *, answered: bool
) -> None:
    """Four tries in all (two where metered), whatever mixture of failures uses them up."""
    api = Api(*replies)
    tool, arguments = call
    async with connected(transport=api, FULLSTORY_API_KEY=KEY) as server:
        result = await server.call(tool, **arguments)

    assert len(api.requests) == tries
    assert result.is_error is not answered


@pytest.mark.parametrize(
    "last",
    [REFUSED, SILENT, LIMITED, CONFLICT, BAD, UNKNOWN_KEY, FORBIDDEN],
    ids=["refused", "unreachable", "429", "409", "400", "401", "403"],
)
@pytest.mark.parametrize("first", [FAILED, BROKEN], ids=["500", "broken"])
async def test_uncertain_try_is_not_forgotten_by_a_harmless_end(first: Reply, last: Reply) -> None:
    """One try that may have taken effect leaves the call uncertain, however the next ones end."""
    api = Api(first, last)
    tool, arguments = CREATE
    async with connected(transport=api, FULLSTORY_API_KEY=KEY) as server:
        text = await server.error(tool, **arguments)

    assert "may have taken effect" in text
    assert 'idempotency_key: "mine-1"' in text
    assert "Nothing was" not in text


@pytest.mark.parametrize("first", [LIMITED, REFUSED], ids=["429", "refused"])
async def test_try_that_did_nothing_leaves_no_doubt(first: Reply) -> None:
    """Where no try can have taken effect, the text says that nothing was sent."""
    api = Api(first, REFUSED)
    tool, arguments = CREATE
    async with connected(transport=api, FULLSTORY_API_KEY=KEY) as server:
        text = await server.error(tool, **arguments)

    assert text.endswith("check FULLSTORY_API_URL and the network. Nothing was sent.")
