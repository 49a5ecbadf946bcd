"""What an answer may be besides good JSON: empty, HTML, cut off, badly zipped, too large, too exact."""

import gzip
import json
from typing import Any

import pytest

from fullstory_mcp.catalogue import load_catalogue
from fullstory_mcp.sandbox import Fault
from fullstory_mcp.shaping.text import JSON_NOTE
from support import connected
from transports import KEY, Api, Reply

pytestmark = pytest.mark.anyio

TOOLS = load_catalogue().tools
CREATE = ("create_event", {"name": "Paid", "idempotency_key": "mine-1"})
READ = ("get_quotas", {})
WRITE = ("create_annotation", {"text": "Release"})
AGAIN = " Try again later."
REPEATABLE = (
    " It may have taken effect all the same. To repeat it without doing it twice, send the same "
    'call with idempotency_key: "mine-1".'
)
UNCERTAIN = " It may have taken effect all the same: look before you repeat it."

HTML = Reply("<!doctype html>\n<html><body>Please sign in</body></html>")
CUT = Reply('{"session_quota": {"usage": "481')
NOT_GZIP = Reply("this is not gzip", headers={"Content-Encoding": "gzip"})
CUT_GZIP = Reply(gzip.compress(b'{"a": 1}' * 500)[:40], headers={"Content-Encoding": "gzip"})
NOT_TEXT = Reply(b"\x00\x01\x02\xff")

IS_HTML = "Instead of Fullstory's answer came an HTML page, as a proxy would send, (status 200)."
IS_CUT = "Instead of Fullstory's answer came JSON that is cut off or broken (status 200)."
IS_ZIPPED = "Fullstory's answer could not be decompressed."


@pytest.mark.parametrize("status", [200, 201, 202, 204])
@pytest.mark.parametrize("body", ["", "  \n"])
@pytest.mark.parametrize(
    "tool", ["cancel_operation", "create_event", "update_user", "get_user", "list_users"]
)
async def test_empty_answer_is_a_success_said_in_words(tool: str, body: str, status: int) -> None:
    """A 204 or an empty body is told as what has happened, never as nothing."""
    arguments = {"create_event": {"name": "Paid"}, "list_users": {}}.get(
        tool, {"id": "1", "display_name": "Mira"} if tool == "update_user" else {"id": "1"}
    )
    async with connected(transport=Api(Reply(body, status)), FULLSTORY_API_KEY=KEY) as server:
        assert await server.data(tool, **arguments) == {"done": TOOLS[tool].shape.done}


@pytest.mark.parametrize(
    ("reply", "said"),
    [(HTML, IS_HTML), (CUT, IS_CUT), (NOT_TEXT, IS_CUT), (NOT_GZIP, IS_ZIPPED), (CUT_GZIP, IS_CUT)],
    ids=["HTML", "cut JSON", "bytes", "not gzip", "cut gzip"],
)
@pytest.mark.parametrize(
    ("call", "effect"), [(READ, AGAIN), (CREATE, REPEATABLE), (WRITE, UNCERTAIN)],
    ids=["read", "create", "write"],
)  # fmt: skip
async def test_unreadable_answer_is_told_for_what_it_is(
    reply: Reply, said: str, call: tuple[str, dict[str, Any]], effect: str
) -> None:
    """A proxy's page or half an answer is named, with what it means for a write."""
    tool, arguments = call
    api = Api(reply)
    async with connected(transport=api, FULLSTORY_API_KEY=KEY) as server:
        text = await server.error(tool, **arguments)

    assert text == said + effect
    assert len(api.requests) == 1


async def test_cut_answer_of_the_sandbox_is_told_and_the_server_goes_on() -> None:
    """Half a body with a matching length is noticed, and the next call works."""
    async with connected() as server:
        server.sandbox.faults.add(Fault(path="/v2", truncate=True, times=1))
        text = await server.error("get_quotas")
        again = await server.data("get_quotas")

    assert text == IS_CUT + AGAIN
    assert "session_quota" in again


async def test_zipped_answer_is_read_like_a_plain_one() -> None:
    """Content-Encoding is undone before anything looks at the body."""
    zipped = gzip.compress(b'{"results":[{"id":"1:2"}]}')
    api = Api(Reply(zipped, headers={"Content-Encoding": "gzip"}))
    async with connected(transport=api, FULLSTORY_API_KEY=KEY) as server:
        assert await server.data("list_sessions", uid="x") == {"results": [{"id": "1:2"}]}


async def test_answer_past_the_cap_is_not_read_to_its_end() -> None:
    """64 MiB is the most; one byte more is refused in words, and the server stays up."""
    async with connected() as server:
        server.sandbox.faults.add(Fault(path="/v2", size=64 * 2**20 + 1, times=1))
        text = await server.error("get_quotas")
        await server.data("get_quotas")

    assert text == "Fullstory's answer is larger than 64 MiB and was not read. Try again later."


@pytest.mark.parametrize(("size", "fits"), [(2**20, True), (2**20 + 1, False)])
async def test_cap_counts_bytes_exactly(size: int, *, fits: bool) -> None:
    """An answer of exactly the cap is read; with a cap of 1 MiB, as 64 take long to make."""
    async with connected(provider={"answers": {"max_bytes": 2**20}}) as server:
        server.sandbox.faults.add(Fault(path="/v2", size=size))
        result = await server.call("get_quotas")

    assert result.is_error is not fits


async def test_zipped_answer_is_capped_by_what_it_grows_to() -> None:
    """A small body that unpacks to a huge one is refused like a huge one."""
    bomb = gzip.compress(b'{"a":"' + b"x" * 2**23 + b'"}')
    api = Api(Reply(bomb, headers={"Content-Encoding": "gzip"}))
    cap = {"answers": {"max_bytes": 2**20}}
    async with connected(transport=api, provider=cap, FULLSTORY_API_KEY=KEY) as server:
        text = await server.error("get_quotas")

    assert len(bomb) < 20_000
    assert text == "Fullstory's answer is larger than 1 MiB and was not read. Try again later."


NUMBERS: list[tuple[str, Any]] = [
    ("9007199254740992", 9007199254740992),
    ("9007199254740993", "9007199254740993"),
    ("-9007199254740993", "-9007199254740993"),
    ("18446744073709551615", "18446744073709551615"),
    ("123456789012345678901234567890", "123456789012345678901234567890"),
    ("1.5", 1.5),
    ("1e400", "inf"),
    ("true", True),
]


@pytest.mark.parametrize(("sent", "told"), NUMBERS)
async def test_number_that_clients_cannot_hold_becomes_text(sent: str, told: object) -> None:
    """Ids beyond 2^53 lose digits in many clients, so they are told as text, at any depth."""
    api = Api(Reply(f'{{"a": {sent}, "b": [{{"c": {sent}}}]}}'))
    async with connected(transport=api, FULLSTORY_API_KEY=KEY) as server:
        result = await server.call("get_quotas")

    assert result.structured_content == {"a": told, "b": [{"c": told}], "note": JSON_NOTE}
    assert json.loads(result.content[0].text) == result.structured_content


async def test_legacy_bundle_ids_arrive_whole() -> None:
    """The Id that list_event_exports tells is the one that get_event_export takes."""
    async with connected("architect") as server:
        listed = await server.data("list_event_exports", start=0)
        first = listed["exports"][0]["Id"]
        rows = await server.data("get_event_export", id=first)

    assert first == "9100000000000001"
    assert "rows" in rows


async def test_answer_of_an_unexpected_form_is_passed_on() -> None:
    """A list where an object is documented is still told, as data and as text."""
    async with connected(transport=Api(Reply("[1,2]")), FULLSTORY_API_KEY=KEY) as server:
        assert await server.data("get_quotas") == {"result": [1, 2]}
        assert await server.data("list_users") == {"result": [1, 2]}
