"""What a hostile visitor typed reaches the model as data: quoted or in JSON, marked, and visible."""

import json
from typing import Any

import pytest
from mcp.types import TextContent

from fullstory_mcp.catalogue import Tool, load_catalogue
from fullstory_mcp.sandbox.faults import Fault
from fullstory_mcp.sandbox.world.shop import INJECTION
from fullstory_mcp.shaping.text import JSON_NOTE, NOTE
from support import ERAS, STRUGGLING_UID, connected

pytestmark = pytest.mark.anyio

HIDDEN = "pay\u200b now\U000e0049\U000e0067\U000e006e\U000e006f\U000e0072\U000e0065"
TYPED = {
    "text": f"{HIDDEN} 4111 1111 1111 1111",
    "page_url": "https://nora:pw@shop.example.com/?token=abc#top",
    "e\u202email": "nora.quist@example.com",
    "id": "4111-1111-1111-1111",
}
SHOWN = {
    "text": "pay now [card ending 1111]",
    "page_url": "https://•••@shop.example.com/?token=•••#top",
    "email": "nora.quist@example.com",
    "id": "4111-1111-1111-1111",
}
TOOLS = [
    tool
    for tool in load_catalogue().tools.values()
    if tool.http and tool.shape.kind in {"item", "list"} and not tool.composite
]


@pytest.mark.parametrize("mode", ERAS)
async def test_injection_in_a_session_is_quoted_in_the_reading(mode: str) -> None:
    """Wherever the hostile text stands in a reading, it stands in quotation marks, and the reading says so."""
    async with connected("standard", mode) as server:
        sessions = await server.data("list_sessions", uid=STRUGGLING_UID)
        reading = await server.text("generate_context", session_id=sessions["results"][3]["id"])

    around = reading.split(INJECTION[:40])
    assert len(around) > 2
    assert all("“" in before.rsplit("”", 1)[-1] for before in around[:-1])
    assert NOTE in reading


@pytest.mark.parametrize("mode", ERAS)
async def test_injection_in_a_property_is_marked_as_data(mode: str) -> None:
    """A property typed by a customer comes unchanged, beside a note that says what it is."""
    async with connected("architect", mode) as server:
        result = await server.call("list_users", uid="cust-1066")

    data = result.structured_content
    assert data["results"][0]["properties"]["delivery_note"] == INJECTION
    assert data["note"] == JSON_NOTE
    assert isinstance(result.content[0], TextContent)
    assert json.loads(result.content[0].text) == data


@pytest.mark.parametrize("tool", TOOLS, ids=lambda tool: tool.name)
async def test_every_tools_json_is_cleaned_and_carries_the_note(tool: Tool) -> None:
    """No tool is a way around the cleaning: hidden text, cards and credentials go, ids stay."""
    async with connected(FULLSTORY_KEY_LEVEL="admin") as server:
        server.sandbox.faults.add(Fault(body=json.dumps(answer_of(tool)).encode()))
        result = await server.client.call_tool(tool.name, tool.examples[0]["arguments"])

    data = dict(result.structured_content)
    found = data
    for step in tool.shape.items.split(".") if tool.shape.items else ():
        found = found[step]
    assert (found[0] if tool.shape.kind == "list" else {**data, "note": 0}) == (
        SHOWN if tool.shape.kind == "list" else {**SHOWN, "note": 0}
    )
    assert JSON_NOTE in data["note"]
    assert json.loads(result.content[0].text) == data


def answer_of(tool: Tool) -> Any:
    """An answer of the tool's form that holds what was typed."""
    if tool.shape.kind == "item":
        return TYPED
    answer: Any = [TYPED]
    for step in reversed(tool.shape.items.split(".")):
        answer = {step: answer}
    return answer


async def test_paging_note_and_warning_stand_together() -> None:
    """Where an answer goes on, its one note says both."""
    async with connected("standard") as server:
        result = await server.call("list_summary_profiles", limit=1)

    data = result.structured_content
    assert data["note"].startswith("Shown: 1–1 of more than 1. For more")
    assert data["note"].endswith(JSON_NOTE)
    assert list(data)[-2:] == ["note", "cursor"]


async def test_answer_too_long_is_cut_but_keeps_its_note() -> None:
    """However much is cut to fit, the warning stays, and the whole stays under the cap."""
    async with connected(FULLSTORY_KEY_LEVEL="admin") as server:
        long = {f"member {number}": "text " * 100 for number in range(400)}
        server.sandbox.faults.add(Fault(body=json.dumps(long).encode()))
        result = await server.call("get_user", id="1")

    assert result.structured_content["note"] == JSON_NOTE
    assert len(result.content[0].text) < 50_000


async def test_answer_with_a_note_of_its_own_loses_nothing() -> None:
    """Where the API says `note` itself, its answer moves aside for ours."""
    async with connected(FULLSTORY_KEY_LEVEL="admin") as server:
        server.sandbox.faults.add(Fault(body=b'{"id":"1","note":"theirs"}'))
        result = await server.call("get_user", id="1")

    assert result.structured_content == {"result": {"id": "1", "note": "theirs"}, "note": JSON_NOTE}


async def test_error_that_repeats_a_strangers_text_is_cleaned_too() -> None:
    """What the API says of a refused call is no way around the cleaning."""
    said = {"message": f"{HIDDEN}: https://nora:pw@shop.example.com"}
    async with connected(FULLSTORY_KEY_LEVEL="admin") as server:
        server.sandbox.faults.add(Fault(status=400, body=json.dumps(said).encode()))
        text = await server.error("get_user", id="1")

    assert "“pay now: https://•••@shop.example.com”" in text


@pytest.mark.parametrize(("privacy", "shown"), [("off", True), ("mask", False)])
async def test_privacy_setting_hides_contacts_in_json_and_readings(
    privacy: str, *, shown: bool
) -> None:
    """With `mask` neither a person's data nor a session's head shows an e-mail address."""
    async with connected("architect", FULLSTORY_MCP_PRIVACY=privacy) as server:
        people = await server.text("list_users", uid=STRUGGLING_UID)
        sessions = await server.data("list_sessions", uid=STRUGGLING_UID)
        reading = await server.text("generate_context", session_id=sessions["results"][0]["id"])

    for text in (people, reading):
        assert ("nora.quist@example.com" in text) is shown
        assert "Nora Quist" in text
        assert STRUGGLING_UID in text
