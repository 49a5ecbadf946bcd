"""Answers of any size come out under the cap: whole items first, then the longest values cut and marked."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fullstory_mcp.catalogue import Tool, load_catalogue
from fullstory_mcp.shaping import START, render
from fullstory_mcp.shaping.cut import fit
from fullstory_mcp.shaping.text import JSON_NOTE, Cleaner
from support import connected
from transports import KEY, Api, Reply

TOOLS = load_catalogue().tools
LISTS = [tool for tool in TOOLS.values() if tool.shape.kind == "list"]
ITEMS = [tool for tool in TOOLS.values() if tool.shape.kind in {"item", "done"} and tool.http]
CAP = 50_000
WHOLE = 49_000 - len(json.dumps({"note": JSON_NOTE}, separators=(",", ":")))
"""The largest answer that comes whole: what is over is room for the note and for clients."""

each_list = pytest.mark.parametrize("tool", LISTS, ids=lambda tool: tool.name)

json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=400),
    lambda inner: st.lists(inner, max_size=8) | st.dictionaries(st.text(max_size=12), inner, max_size=8),
    max_leaves=60,
)  # fmt: skip


def body_of(tool: Tool, items: list[Any]) -> dict[str, Any]:
    """An answer of the API that holds these items where the tool's list stands."""
    body: Any = items
    for name in reversed(tool.shape.items.split(".")):
        body = {name: body}
    assert isinstance(body, dict)
    return body


def listed(tool: Tool, data: dict[str, Any]) -> list[Any]:
    """The items in what the tool answers."""
    node: Any = data
    for name in tool.shape.items.split("."):
        node = node[name]
    assert isinstance(node, list)
    return node


def arguments_of(tool: Tool) -> dict[str, Any]:
    """Arguments that the tool takes."""
    return dict(tool.examples[0]["arguments"])


@pytest.mark.anyio
@each_list
async def test_long_list_keeps_whole_items_and_counts_the_rest(tool: Tool) -> None:
    """Every shown item is exactly as it came; the note says how many there are and how to go on."""
    items = [{"id": str(n), "text": "word " * 100} for n in range(500)]
    api = Api(Reply(json.dumps(body_of(tool, items))))
    async with connected(transport=api, FULLSTORY_API_KEY=KEY) as server:
        result = await server.call(tool.name, **arguments_of(tool))

    data = result.structured_content
    shown = listed(tool, data)
    assert 40_000 < len(result.content[0].text) < CAP
    assert shown == items[: len(shown)]
    assert data["note"].startswith(
        f"Shown: 1–{len(shown)} of 500. For more, the same call with cursor: "
    )
    assert f'cursor: "{data["cursor"]}"' in data["note"]
    assert data["note"].endswith(JSON_NOTE)


@pytest.mark.anyio
@pytest.mark.parametrize(("length", "cut"), [(150_000, "133,616"), (400_000, "383,616")])
@each_list
async def test_item_above_the_cap_is_shown_with_its_longest_values_cut(
    tool: Tool, length: int, cut: str
) -> None:
    """Even one item that alone is too long comes, marked, with its short values whole, and so does the next."""
    giant = {"id": "giant", "story": "x" * length, "steps": [{"n": n} for n in range(5)]}
    items = [giant, {"id": "small"}]
    api = Api(Reply(json.dumps(body_of(tool, items))))
    shown: list[Any] = []
    more: dict[str, str] = {}
    async with connected(transport=api, FULLSTORY_API_KEY=KEY) as server:
        while len(shown) < len(items):
            result = await server.call(tool.name, **arguments_of(tool), **more)
            assert len(result.content[0].text) < CAP
            shown += listed(tool, result.structured_content)
            more = {"cursor": result.structured_content.get("cursor", "")}

    story = "x" * 16_384 + f"… [cut: {cut} characters]"
    assert shown == [{**giant, "story": story}, {"id": "small"}]


@pytest.mark.anyio
@pytest.mark.parametrize("tool", ITEMS, ids=lambda tool: tool.name)
async def test_single_answer_above_the_cap_is_cut_and_marked(tool: Tool) -> None:
    """What cannot be paged is still told, as much of it as fits."""
    body = {"id": "1", "long": "y" * 90_000, "many": [{"n": n} for n in range(20_000)]}
    api = Api(Reply(json.dumps(body)), role=None)
    fixed = {"FULLSTORY_API_KEY": KEY, "FULLSTORY_KEY_LEVEL": "admin"}
    async with connected(transport=api, **fixed) as server:
        result = await server.confirmed(tool.name, **arguments_of(tool))

    text = result.content[0].text
    assert len(text) < CAP
    assert json.loads(text) == result.structured_content
    assert result.structured_content["id"] == "1"
    assert "[cut: " in text


@pytest.mark.anyio
@pytest.mark.parametrize(
    "size", [48_000, WHOLE - 1, WHOLE, WHOLE + 1, 48_999, 49_000, 49_001, 50_000, 50_001, 52_000]
)
async def test_answer_near_the_cap_is_never_above_it(size: int) -> None:
    """Just below, it comes whole; just above, it is cut: no size in between slips through."""
    parts = ["p" * 60] * 700
    body = {"parts": parts, "rest": ""}
    body["rest"] = "r" * (size - len(json.dumps(body, separators=(",", ":"))))
    async with connected(transport=Api(Reply(json.dumps(body))), FULLSTORY_API_KEY=KEY) as server:
        result = await server.call("get_quotas")

    assert len(result.content[0].text) < CAP
    assert (result.structured_content == {**body, "note": JSON_NOTE}) is (size <= WHOLE)
    assert result.structured_content["note"] == JSON_NOTE


@given(json_values, st.integers(120, 3_000))
def test_fitted_value_fits_and_a_small_one_is_left_alone(value: Any, room: int) -> None:
    """Cutting always ends below the room, and never touches what already fits."""
    before = json.dumps(value, separators=(",", ":"), ensure_ascii=False)
    fitted = fit(value, room)
    after = json.dumps(fitted, separators=(",", ":"), ensure_ascii=False)

    assert len(after) <= room
    assert fitted == value or "[cut" in after
    assert len(before) > room or fitted == value


@settings(max_examples=60)
@given(
    st.sampled_from(LISTS),
    st.lists(st.fixed_dictionaries({"a": json_values}), max_size=40),
    st.sampled_from(["", "x" * 700, "t" * 1_500]),
    st.sampled_from([1, 30, 900]),
)
def test_any_list_with_any_token_stays_under_the_cap(
    tool: Tool, items: list[Any], token: str, times: int
) -> None:
    """Whatever the items and however long the API's token: under the cap, and the cursor whole."""
    items = (items * times)[:500]
    body = body_of(tool, items)
    if tool.shape.next:
        body[tool.shape.next[0]] = token
    else:
        token = ""
    sealed = "C" * (120 + 4 * len(token) // 3)
    rendered = render(tool, body, START, lambda _: sealed, Cleaner())

    assert len(rendered.text) < CAP
    assert rendered.data is not None
    assert rendered.data.get("cursor", sealed) == sealed
    assert rendered.data["note"].endswith(JSON_NOTE)


@pytest.mark.parametrize(
    "value",
    [
        {f"name-{n}": "x" for n in range(20_000)},
        [[["x" * 50] * 50] * 50] * 50,
        "z" * 1_000_000,
        {"a": {"b": {"c": "d" * 100_000}}},
        list(range(100_000)),
    ],
    ids=["many names", "lists in lists", "one text", "deep text", "numbers"],
)
def test_large_values_of_every_form_are_cut_with_a_mark(value: Any) -> None:
    """Texts, lists and objects all say how much of them is missing."""
    fitted = json.dumps(fit(value, 40_000), ensure_ascii=False, separators=(",", ":"))

    assert len(fitted) <= 40_000
    assert "[cut" in fitted
