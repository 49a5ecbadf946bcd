"""The estimate of tokens stays close to o200k on everything that this server answers."""

import pytest
from rs_bpe.bpe import openai

from fullstory_mcp.catalogue import load_catalogue, served_tool
from fullstory_mcp.principal import LEVELS
from fullstory_mcp.shaping.tokens import estimate
from fullstory_mcp.wire import write
from support import STRUGGLING_UID, connected

pytestmark = pytest.mark.anyio

ENCODER = openai.o200k_base()
MOST_OFF = 0.10
PROSE = {
    "markdown": """
## Checkout - https://shop.example.com/checkout?step=payment
- 11:39:52 network-error: POST /api/pay 502
- 11:39:58 error-click: **Pay now** [#pay > .pay-now]
- 11:40:01 exception: TypeError: Cannot read properties of undefined
""",
    "English": "She filled in the form, pressed the button three times, and left the page. ",
}
TOOLS = list(load_catalogue().tools.values())


def off(text: str) -> float:
    """How far the estimate is from the count, as a part of the count."""
    counted = int(ENCODER.count(text))
    return abs(estimate(text) - counted) / counted


@pytest.mark.parametrize("level", LEVELS)
def test_tool_lists_are_estimated_within_a_tenth(level: str) -> None:
    """What `tools` and the README say a list costs is near the truth."""
    reach = LEVELS[: LEVELS.index(level) + 1]
    tools = [served_tool(tool) for tool in TOOLS if tool.gate.level in reach]

    assert off(write({"tools": tools})) <= MOST_OFF


async def test_answers_are_estimated_within_a_tenth() -> None:
    """Sessions, their events and people as JSON: the texts that budgets will be held to."""
    async with connected("admin") as server:
        sessions = await server.data("list_sessions", uid=STRUGGLING_UID)
        newest = sessions["results"][0]["id"]
        texts = {
            "list_sessions": await server.text("list_sessions", uid=STRUGGLING_UID),
            "generate_context": await server.text("generate_context", session_id=newest),
            "get_session_events": await server.text("get_session_events", session_id=newest),
            "list_users": await server.text("list_users"),
            "explain_access": await server.text("explain_access"),
        }

    assert {name: off(text) for name, text in texts.items() if off(text) > MOST_OFF} == {}


@pytest.mark.parametrize("kind", PROSE)
def test_prose_is_estimated_within_a_tenth(kind: str) -> None:
    """Markdown for a model, and what people type."""
    assert off(PROSE[kind] * 5) <= MOST_OFF


@pytest.mark.parametrize(
    ("text", "tokens"),
    [("", 0), ("a", 1), ("hello world", 2), ("1234567", 3), ("\n", 1)],
)
def test_smallest_texts_have_the_obvious_estimate(text: str, tokens: int) -> None:
    """Nothing costs nothing, and a word costs one token."""
    assert estimate(text) == tokens
