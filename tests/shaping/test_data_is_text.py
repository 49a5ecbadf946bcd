"""A data tool's structured content is the very same as its text: compact JSON, under the cap."""

import json
from typing import Any

import pytest

from fullstory_mcp.catalogue import load_catalogue
from support import ERAS, STRUGGLING_UID, Connected, connected
from transports import KEY, Api, Reply

pytestmark = pytest.mark.anyio

CAP = 50_000
EXAMPLES = [
    pytest.param(tool.name, example["arguments"], id=f"{tool.name}-{number}")
    for tool in load_catalogue().tools.values()
    for number, example in enumerate(tool.examples)
]


def compact(data: Any) -> str:
    """JSON without a space between its parts, characters as they are."""
    return json.dumps(data, separators=(",", ":"), ensure_ascii=False)


@pytest.mark.parametrize("mode", ERAS)
@pytest.mark.parametrize(("tool", "arguments"), EXAMPLES)
async def test_text_is_the_structured_content_as_compact_json(
    tool: str, arguments: dict[str, Any], mode: str
) -> None:
    """One answer, told twice the same: never a summary beside the data."""
    async with connected(mode=mode) as server:
        result = await server.confirmed(tool, **arguments)

    texts = [part.text for part in result.content]
    assert len(texts) == 1
    if result.is_error:
        assert result.structured_content is None
    else:
        assert texts[0] == compact(result.structured_content)
        assert len(texts[0]) < CAP


@pytest.mark.parametrize(
    "strange", ["naïve “quotes” – 日本語 🛒", "\u2028 and \u0000 and \t", "</script>"]
)
async def test_any_text_survives_as_data_and_as_text(strange: str) -> None:
    """Characters are neither lost nor escaped beyond what JSON needs."""
    body = json.dumps({"results": [{"id": "1:2", "said": strange}]})
    async with connected(transport=Api(Reply(body)), FULLSTORY_API_KEY=KEY) as server:
        result = await server.call("list_sessions", uid="x")

    assert result.structured_content["results"][0]["said"] == strange
    assert json.loads(result.content[0].text) == result.structured_content


async def sizes_of_a_walk(server: Connected) -> dict[str, int]:
    """The length of what a support engineer's tools answer for a real customer of the sandbox."""
    listed = await server.data("list_sessions", uid=STRUGGLING_UID, limit="100")
    session = listed["results"][0]["id"]
    sizes = {}
    for tool in ("get_session_events", "generate_context", "generate_summary"):
        sizes[tool] = len(await server.text(tool, session_id=session))
    for tool in (
        "list_users",
        "list_segments",
        "list_summary_profiles",
        "list_webhook_event_types",
    ):
        sizes[tool] = len(await server.text(tool))
    return sizes


async def test_no_answer_of_the_sandbox_reaches_the_cap() -> None:
    """Clients refuse or cut at 50,000 characters."""
    async with connected() as server:
        sizes = await sizes_of_a_walk(server)

    assert all(0 < size < CAP for size in sizes.values()), sizes


async def test_session_of_5000_events_is_told_in_pieces_that_fit() -> None:
    """The longest session: whole events up to the cap, counted, and the next ones behind a cursor."""
    async with connected() as server:
        listed = await server.data("list_sessions", uid="cust-1077", limit="100")
        session = listed["results"][0]["id"]
        first = await server.call("get_session_events", session_id=session)
        second = await server.call(
            "get_session_events",
            session_id=session,
            cursor=first.structured_content["cursor"],
        )
        whole = await server.call("generate_context", session_id=session)

    shown = len(first.structured_content["events"])
    note = second.structured_content["note"]
    assert all(len(part.content[0].text) < CAP for part in (first, second, whole))
    assert first.structured_content["note"].startswith(f"Shown: 1–{shown} of 5000. For more, ")
    assert note.startswith(f"Shown: {shown + 1}–")
    assert note.endswith("That read costs its Activation again.")
    times = [event["event_time"] for event in first.structured_content["events"]]
    assert times[-1] <= second.structured_content["events"][0]["event_time"]
