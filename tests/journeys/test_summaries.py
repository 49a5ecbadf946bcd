"""A support engineer takes Fullstory's own summaries, in words and as data, and is told when there are none."""

import json

import pytest

from fullstory_mcp.sandbox.faults import Fault
from support import ERAS, STRUGGLING_UID, Connected, connected

pytestmark = pytest.mark.anyio

TRIAGE = "7d1f0a52-0000-4000-8000-00000000c0de"
SCHEMA = {
    "type": "object",
    "properties": {
        "outcome": {"type": "string", "enum": ["completed", "abandoned", "errored"]},
        "note": {"type": ["string", "null"]},
    },
    "required": ["outcome"],
}


async def newest(server: Connected) -> str:
    """The id of the struggling customer's newest session."""
    sessions = await server.data("list_sessions", uid=STRUGGLING_UID)
    return str(sessions["results"][0]["id"])


@pytest.mark.parametrize("mode", ERAS)
async def test_synopsis_is_markdown_and_profile_with_a_schema_is_data(mode: str) -> None:
    """Words come as text alone; a structured answer as data with the very same text."""
    async with connected("standard", mode) as server:
        session = await newest(server)
        words = await server.call("generate_summary", session_id=session)
        data = await server.call("generate_summary", session_id=session, config_profile=TRIAGE)

    assert words.structured_content is None
    assert words.content[0].text.startswith("# Summary by Fullstory\n")
    assert data.structured_content["response"]["outcome"] == "errored"
    assert data.structured_content["schema"]["properties"]["confidence"]["type"] == [
        "number",
        "null",
    ]
    assert json.loads(data.content[0].text) == data.structured_content


async def test_json_schema_of_the_caller_reaches_the_api_in_its_dialect() -> None:
    """Who thinks in JSON Schema gets an answer under that very schema."""
    async with connected("standard") as server:
        session = await newest(server)
        data = await server.data(
            "generate_summary_with_overrides", session_id=session, llm={"response_schema": SCHEMA}
        )
        sent = json.loads(server.sandbox.requests[-1].body)

    assert sent["llm"]["response_schema"]["properties"]["outcome"] == {
        "type": "STRING",
        "format": "enum",
        "enum": ["completed", "abandoned", "errored"],
    }
    assert data["schema"] == SCHEMA
    assert data["response"]["outcome"] == "errored"


@pytest.mark.parametrize(
    ("tool", "other"),
    [("create_summary_profile", {}), ("update_summary_profile", {"id": TRIAGE}), ("generate_summary_with_overrides", {"session_id": "1:2"})],
)  # fmt: skip
async def test_schema_that_cannot_be_said_is_refused_before_anything_is_sent(
    tool: str, other: dict[str, str]
) -> None:
    """The keyword is named with its path, wherever a response schema is taken."""
    schema = {"type": "object", "properties": {"n": {"type": "integer", "minimum": 0}}}
    async with connected("standard") as server:
        result = await server.call(tool, llm={"response_schema": schema}, **other)
        sent = server.sent()

    assert result.is_error
    assert "- llm.response_schema.properties.n.minimum: cannot be said" in result.content[0].text
    assert sent == []


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (Fault(status=403), ["403", "StoryAI", "generate_context"]),
        (Fault(status=404), ["404", "list_summary_profiles", "list_sessions"]),
        (Fault(status=429, body=b'{"message": "Activation limit reached"}'), ["Activations are spent", "generate_context"]),
    ],
)  # fmt: skip
@pytest.mark.parametrize("tool", ["generate_summary", "generate_summary_with_overrides"])
async def test_refused_summary_says_why_and_what_to_do_instead(
    tool: str, fault: Fault, said: list[str]
) -> None:
    """StoryAI off, profile unknown, Activations spent: each in plain words with the way on."""
    async with connected(FULLSTORY_KEY_LEVEL="standard") as server:
        server.sandbox.faults.add(Fault(status=fault.status, body=fault.body))
        result = await server.call(tool, session_id="1:2", config_profile=TRIAGE)
        tries = server.sent()

    assert result.is_error
    assert [word for word in said if word not in result.content[0].text] == []
    assert len(tries) == 1
