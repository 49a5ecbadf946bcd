"""The API's own messages: passed on in one short line, with every piece of the key masked."""

import json
import time

import pytest

from fullstory_mcp.sandbox import create_app
from support import connected
from transports import KEY, Api, Reply

pytestmark = pytest.mark.anyio

SECRET = KEY.partition(".")[2]


async def said(body: str | bytes, status: int = 400, key: str = KEY) -> str:
    """What a call tells when the API answers it with this body."""
    async with connected(transport=Api(Reply(body, status)), FULLSTORY_API_KEY=key) as server:
        return await server.error("update_user", id="1", display_name="Mira")


def quoted(text: str) -> str:
    """The part of an error's text that the API said."""
    return text.partition("“")[2].rpartition("”")[0]


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ('{"message": "uid is required", "code": "required_field"}', "uid is required"),
        ('{"error": "no such thing"}', "no such thing"),
        ('{"detail": "later"}', "later"),
        ('{"message": "", "error": "second"}', "second"),
        ('{"message": {"deep": 1}, "detail": "third"}', "third"),
        ('{"message": "first", "error": "second"}', "first"),
        ("plain words", "plain words"),
        ("two\nlines\r\n\tand  spaces", "two lines and spaces"),
        ('{"message": "two\\nlines\\u0000\\u0007 here"}', "two lines here"),
        ("", ""),
        ('{"code": "x"}', ""),
        ("<html><body>Bad Gateway</body></html>", ""),
        (b"\xff\xfe\xfa", "���"),
    ],
)
async def test_message_is_taken_from_where_the_api_puts_it(body: str | bytes, message: str) -> None:
    """The first of message, error and detail, else the body's text, in one line; HTML never."""
    assert quoted(await said(body)) == message


@pytest.mark.parametrize("length", [499, 500, 501, 5_000, 100_000])
async def test_message_has_at_most_500_characters(length: int) -> None:
    """A longer one is cut and marked."""
    message = quoted(await said(json.dumps({"message": "x" * length})))

    assert len(message) == min(length, 500)
    assert message.endswith("…") is (length > 500)


async def test_long_lines_of_a_huge_error_are_answered_at_once() -> None:
    """An error body of many megabytes is not searched for the key character by character."""
    begun = time.process_time()
    message = quoted(await said(json.dumps({"message": "word-9 " * 2_000_000})))

    assert len(message) == 500
    assert time.process_time() - begun < 2


@pytest.mark.parametrize(
    "leak",
    [
        KEY,
        SECRET,
        f"Basic {KEY}",
        SECRET[:10],
        SECRET[-10:],
        SECRET[5:15],
        f"{SECRET[:12]} and {SECRET[12:]}",
        f"x{SECRET[3:11]}y",
    ],
)
@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 429, 500])
async def test_pieces_of_the_key_in_a_message_are_masked(leak: str, status: int) -> None:
    """An API that repeats the key, or ten characters of it, does not make us repeat them."""
    text = await said(json.dumps({"message": f"the key {leak} is wrong"}), status)

    assert "[key]" in text
    assert "the key" in text
    assert all(SECRET[at : at + 8] not in text for at in range(len(SECRET) - 7))


@pytest.mark.parametrize("name", ["error", "detail"])
async def test_every_place_of_a_message_is_masked(name: str) -> None:
    """Masking does not depend on where the message stood, nor on its being JSON."""
    for body in (json.dumps({name: KEY}), f"raw {KEY}"):
        assert SECRET[:8] not in await said(body)


async def test_event_quota_that_is_spent_points_to_the_quotas_and_is_not_repeated() -> None:
    """Waiting does not cure it, so nothing waits, and the tool that shows the limit is named."""
    for tool, arguments in (
        ("create_event", {"name": "Paid"}),
        ("create_event_import", {"requests": [{"name": "Paid"}]}),
    ):
        async with connected(app=create_app(event_quota=0)) as server:
            text = await server.error(tool, **arguments)

            assert len(server.sent()) == 1
            assert server.clock.waits == []
        assert text == (
            "The account's server event quota is spent (429): “Server event quota exceeded for this "
            "billing period.”. Waiting seconds does not help: get_quotas shows the limit and when its "
            "period ends."
        )


async def test_word_quota_in_a_limit_of_other_tools_changes_nothing() -> None:
    """Only the calls that spend the event quota are told so."""
    body = '{"message": "Export quota per minute reached"}'
    api = Api(Reply(body, 429, {"Retry-After": "60"}))
    async with connected(transport=api, FULLSTORY_API_KEY=KEY) as server:
        text = await server.error("create_user", uid="x")

    assert text.endswith("Nothing was done. Try again in 60 seconds.")
