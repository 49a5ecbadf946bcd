"""summarize_sessions: Fullstory's summaries of many sessions as one table."""

import json

import pytest

from fullstory_mcp.sandbox import Fault
from support import connected

pytestmark = pytest.mark.anyio

FAILED = "8501908138660385:9497776430409180"
HAPPY = "9752453756672963:5864965527343723"
PROFILE = "7d1f0a52-0000-4000-8000-00000000c0de"


def rows(text: str) -> list[list[str]]:
    """The cells of the table, its head first."""
    lines = [line for line in text.splitlines() if line.startswith("| ")]
    cells = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]
    return [cells[0], *cells[2:]]


async def test_structured_profile_makes_a_column_of_each_property() -> None:
    """Rows stand in the order asked for; what failed is a row with its reason."""
    async with connected("standard") as server:
        text = await server.text(
            "summarize_sessions", session_ids=[FAILED, "1:2", HAPPY], config_profile=PROFILE
        )

    head, failed, unknown, happy = rows(text)
    assert text.startswith("Cost: 2 Activations; 1 read failed.")
    assert head == ["session", "outcome", "frustrations", "confidence", "problem"]
    assert failed[:2] == [FAILED, "“errored”"]
    assert "“Request failed: POST /api/pay 502 (3 times)”" in failed[2]
    assert unknown[0] == "1:2"
    assert unknown[-1].startswith("failed: Fullstory knows no such thing (404)")
    assert happy[:4] == [HAPPY, "“completed”", "none", "0.86"]


async def test_without_a_profile_there_is_a_column_of_text() -> None:
    """The vendor's short synopsis, one a row."""
    async with connected("standard") as server:
        text = await server.text("summarize_sessions", session_ids=[HAPPY])

    assert rows(text)[0] == ["session", "summary"]
    assert rows(text)[1][1].endswith("The visit was completed.”")


async def test_json_holds_values_by_session() -> None:
    """The same as data, types kept."""
    async with connected("standard") as server:
        data = await server.data(
            "summarize_sessions", session_ids=[HAPPY, "1:2"], config_profile=PROFILE, format="json"
        )

    values = {"outcome": "completed", "frustrations": [], "confidence": 0.86}
    assert data["rows"][0] == {"session_id": HAPPY, "values": values}
    assert data["rows"][1]["problem"].startswith("failed: ")


async def test_overrides_are_sent_for_every_session() -> None:
    """A prompt or a schema for this table only; ordinary JSON Schema is translated."""
    schema = {"type": "object", "properties": {"outcome": {"type": "string"}}}
    async with connected("standard") as server:
        text = await server.text(
            "summarize_sessions",
            session_ids=[FAILED, HAPPY],
            config_profile=PROFILE,
            llm={"response_schema": schema, "post_prompt": "How did it end?"},
        )
        bodies = [json.loads(request.body) for request in server.sandbox.requests if request.body]

    assert rows(text)[0] == ["session", "outcome"]
    assert [row[1] for row in rows(text)[1:]] == ["“errored”", "“completed”"]
    assert bodies == 2 * [
        {
            "config_profile": PROFILE,
            "llm": {
                "response_schema": {
                    "type": "OBJECT",
                    "properties": {"outcome": {"type": "STRING"}},
                },
                "post_prompt": "How did it end?",
            },
        }
    ]


async def test_schema_that_cannot_be_sent_costs_nothing() -> None:
    """The keyword is named before any session is summarized."""
    schema = {"type": "object", "properties": {"outcome": {"type": "string", "pattern": "^a"}}}
    async with connected("standard") as server:
        result = await server.call(
            "summarize_sessions", session_ids=[FAILED, HAPPY], llm={"response_schema": schema}
        )

    assert result.is_error
    assert "llm.response_schema.properties.outcome.pattern" in result.content[0].text
    assert server.sent() == []


async def test_storyai_off_is_said_with_what_to_do_instead() -> None:
    """Every row has the reason, and the call is an error."""
    async with connected("standard") as server:
        server.sandbox.faults.add(Fault(path=".*/summary", status=403))
        result = await server.call("summarize_sessions", session_ids=[FAILED, HAPPY])

    assert result.is_error
    assert result.content[0].text.count("StoryAI must be switched on") == 2


async def test_answer_that_breaks_its_schema_is_marked_in_its_row() -> None:
    """The values stand, with the doubt beside them."""
    body = {
        "response": {"outcome": 7},
        "response_schema": {"type": "OBJECT", "properties": {"outcome": {"type": "STRING"}}},
    }
    async with connected("standard") as server:
        fault = Fault(path=".*/summary", status=200, body=json.dumps(body).encode(), times=1)
        server.sandbox.faults.add(fault)
        text = await server.text("summarize_sessions", session_ids=[FAILED])

    assert rows(text)[1][1] == "7"
    assert "breaks its own schema: outcome should be string" in rows(text)[1][2]


@pytest.mark.parametrize("body", [b"{}", b"[]", b"null", b'{"summary": 3}', b'{"summary": " "}'])
async def test_answer_without_a_summary_is_a_row_that_says_so(body: bytes) -> None:
    """An empty cell would pass for nothing worth telling."""
    async with connected("standard") as server:
        server.sandbox.faults.add(Fault(path=".*/summary", status=200, body=body))
        text = await server.text("summarize_sessions", session_ids=[FAILED])

    assert rows(text) == [
        ["session", "problem"],
        [FAILED, "Fullstory answered without a summary."],
    ]


async def test_twenty_sessions_are_the_most() -> None:
    """More would be a table nobody reads."""
    async with connected("standard") as server:
        result = await server.call("summarize_sessions", session_ids=[f"1:{n}" for n in range(21)])

    assert "session_ids: must have at most 20 items" in result.content[0].text
