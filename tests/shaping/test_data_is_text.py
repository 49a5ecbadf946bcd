"""A data tool's structured content is the very same as its text: compact JSON, under the cap.

Readings and reports are prose, told as text alone.
"""

import json
from typing import Any

import pytest

from fullstory_mcp.catalogue import load_catalogue
from fullstory_mcp.shaping.text import JSON_NOTE
from support import ERAS, STRUGGLING_UID, Connected, connected
from transports import KEY, Api, Reply

pytestmark = pytest.mark.anyio

CAP = 50_000
MOST_TOKENS = 12_000
NEWEST = "8501908138660385:9497776430409180"
"""The newest session of the struggling customer."""

TOOLS = load_catalogue().tools
EXAMPLES = [
    pytest.param(tool.name, example["arguments"], id=f"{tool.name}-{number}")
    for tool in TOOLS.values()
    for number, example in enumerate(tool.examples)
]


def compact(data: Any) -> str:
    """JSON without a space between its parts, characters as they are."""
    return json.dumps(data, separators=(",", ":"), ensure_ascii=False)


def is_prose(tool: str, arguments: dict[str, Any]) -> bool:
    """Whether the call is answered in Markdown: readings and reports, unless JSON is asked for."""
    return TOOLS[tool].shape.kind in {"reading", "report"} and arguments.get("format") != "json"


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
    assert len(texts[0]) < CAP
    if result.is_error or is_prose(tool, arguments):
        assert result.structured_content is None
    else:
        assert texts[0] == compact(result.structured_content)


@pytest.mark.parametrize(
    ("tool", "arguments"),
    [
        ("generate_context", {"session_id": NEWEST}),
        ("read_session", {"session_id": NEWEST, "at": "p1"}),
        ("get_session_events", {"session_id": NEWEST}),
        ("find_friction", {"users": [STRUGGLING_UID]}),
    ],
)
async def test_prose_asked_for_as_json_is_data_and_text_alike(
    tool: str, arguments: dict[str, Any]
) -> None:
    """Only the form asked for is answered: text alone, or JSON told twice the same."""
    async with connected() as server:
        prose = await server.call(tool, **arguments)
        told = await server.call(tool, **arguments, format="json")

    assert not prose.is_error
    assert prose.structured_content is None
    assert told.content[0].text == compact(told.structured_content)
    assert told.structured_content["note"].startswith(JSON_NOTE)


@pytest.mark.parametrize(
    ("strange", "told"),
    [
        *((text, text) for text in ("naïve “quotes” – 日本語 🛒", "\t and \n", "</script>")),
        ("\u2028 and \u0000 and \u200b\t", "  and  and \t"),
    ],
)
async def test_all_that_is_visible_survives_as_data_and_as_text(strange: str, told: str) -> None:
    """What can be seen is neither lost nor escaped beyond what JSON needs; what cannot, is left out."""
    body = json.dumps({"results": [{"id": "1:2", "said": strange}]})
    async with connected(transport=Api(Reply(body)), FULLSTORY_API_KEY=KEY) as server:
        result = await server.call("list_sessions", uid="x")

    assert result.structured_content["results"][0]["said"] == told
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
    """The longest session, in the largest parts: whole events, counted, the next behind a cursor."""
    asked = {"format": "json", "max_tokens": MOST_TOKENS}
    async with connected() as server:
        listed = await server.data("list_sessions", uid="cust-1077", limit="100")
        asked["session_id"] = listed["results"][0]["id"]
        first = await server.call("get_session_events", **asked)
        second = await server.call(
            "get_session_events", **asked, cursor=first.structured_content["cursor"]
        )
        whole = await server.call("generate_context", **asked)

    shown = len(first.structured_content["events"])
    assert all(len(part.content[0].text) < CAP for part in (first, second, whole))
    assert first.structured_content["shown"].startswith(f"Shown: 1–{shown} of 5,000")
    assert second.structured_content["shown"].startswith(f"Shown: {shown + 1}–")
    times = [event["event_time"] for event in first.structured_content["events"]]
    assert times[-1] <= second.structured_content["events"][0]["event_time"]
