"""Summaries as they are given: words as a quotation, structured answers checked against their schema."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fullstory_mcp.catalogue import load_catalogue
from fullstory_mcp.shaping.summary import SUMMARY_NOTE, render_summary
from fullstory_mcp.shaping.text import JSON_NOTE, Cleaner
from fullstory_mcp.shaping.vendor_schema import json_schema

TOOL = load_catalogue().tools["generate_summary"]
VENDOR = {
    "type": "OBJECT",
    "title": "CheckoutSummary",
    "properties": {
        "outcome": {"type": "STRING", "format": "enum", "enum": ["completed", "errored"]},
        "frustrations": {"type": "ARRAY", "items": {"type": "STRING"}},
        "confidence": {"type": "NUMBER", "nullable": True},
    },
    "required": ["outcome", "frustrations"],
}
STANDARD = {
    "type": "object",
    "title": "CheckoutSummary",
    "properties": {
        "outcome": {"type": "string", "enum": ["completed", "errored"]},
        "frustrations": {"type": "array", "items": {"type": "string"}},
        "confidence": {"type": ["number", "null"]},
    },
    "required": ["outcome", "frustrations"],
}
GOOD = {"outcome": "errored", "frustrations": ["Payment request answered 502"], "confidence": None}
KEPT = f"{JSON_NOTE} Cost: 1 Activation."


def rendered(data: Any) -> Any:
    """The rendering with nothing hidden but what always is."""
    return render_summary(TOOL, data, Cleaner())


def test_words_are_a_quotation_below_our_own_heading() -> None:
    """A summary in words is markdown alone, every line of it quoted, with note and price."""
    shown = rendered({"summary": "# Note\nThey paid with 4111 1111 1111 1111.\n"})

    assert shown.data is None
    assert shown.text.splitlines() == [
        "# Summary by Fullstory",
        SUMMARY_NOTE,
        "",
        "> **Note**",
        "> They paid with [card ending 1111].",
        "",
        "Cost: 1 Activation.",
    ]


def test_structured_answer_comes_with_a_real_json_schema() -> None:
    """The response stands beside its schema in JSON Schema, as data with the very same text."""
    shown = rendered({"response": GOOD, "response_schema": VENDOR})

    assert shown.data == {"response": GOOD, "schema": STANDARD, "note": KEPT}
    assert json.loads(shown.text) == shown.data


@pytest.mark.parametrize(
    ("response", "said"),
    [
        ({"outcome": "lost", "frustrations": []}, "outcome is not one of its allowed values"),
        ({"outcome": "errored"}, "frustrations is missing"),
        ({"outcome": "errored", "frustrations": [7]}, "frustrations[0] should be string"),
        ({**GOOD, "confidence": "high"}, "confidence should be number or null"),
        (["errored"], "the whole should be object"),
    ],
)
def test_breach_of_the_schema_is_named_beside_the_answer(response: Any, said: str) -> None:
    """The answer is given all the same; its note says where it is not what its schema says."""
    shown = rendered({"response": response, "response_schema": VENDOR})

    assert shown.data["response"] == response
    assert shown.data["note"] == f"The response breaks its own schema: {said}. {KEPT}"


def test_many_breaches_are_counted() -> None:
    """Five are named, the others counted."""
    shown = rendered(
        {"response": {**GOOD, "frustrations": list(range(9))}, "response_schema": VENDOR}
    )

    assert "frustrations[4] should be string; and 4 more. " in shown.data["note"]


@pytest.mark.parametrize(
    ("text", "response", "said"),
    [
        (json.dumps(GOOD), GOOD, "The response came as text that holds JSON"),
        (f"```json\n{json.dumps(GOOD)}\n```", GOOD, "The response came as text that holds JSON"),
        ("I could not tell.", "I could not tell.", "The response is a text that is not the JSON"),
        ('{"outcome": "err', '{"outcome": "err', "The response is a text that is not the JSON"),
    ],
)
def test_text_instead_of_an_object_stays_usable(text: str, response: Any, said: str) -> None:
    """JSON inside a text is read; any other text is given as it came, and either is said."""
    shown = rendered({"response": text, "response_schema": VENDOR})

    assert shown.data["response"] == response
    assert shown.data["schema"] == STANDARD
    assert shown.data["note"].startswith(said)


@pytest.mark.parametrize(
    ("answer", "shown"),
    [
        ({"response": None, "response_schema": VENDOR}, {"response": None, "schema": STANDARD}),
        ({"response": {"a": 1}}, {"response": {"a": 1}, "schema": None}),
        ({"response": {"a": 1}, "response_schema": "?"}, {"response": {"a": 1}, "schema": None}),
        ({"response": "x", "response_schema": {"type": "STRING"}}, {"response": "x", "schema": {"type": "string"}}),
        ({"summary": "s", "response": GOOD, "response_schema": VENDOR}, {"summary": "s", "response": GOOD, "schema": STANDARD}),
    ],
)  # fmt: skip
def test_missing_part_is_said_and_the_rest_is_given(answer: Any, shown: Any) -> None:
    """Whatever part came is given; what did not come is said in the note."""
    data = rendered(answer).data

    assert {name: value for name, value in data.items() if name != "note"} == shown
    assert data["note"].endswith(KEPT)


@pytest.mark.parametrize(
    "answer", [None, {}, [], {"summary": " "}, {"summary": None}, {"summary": 5}]
)
def test_answer_without_a_summary_is_an_error_that_says_what_to_do(answer: Any) -> None:
    """Nothing came: the session itself can still be read."""
    shown = rendered(answer)

    assert shown.is_error
    assert "generate_context" in shown.text


def test_endless_summary_is_cut_below_the_cap() -> None:
    """However much the vendor's AI writes, a client takes it, and the price still ends it."""
    shown = rendered({"summary": "word " * 20_000})

    assert len(shown.text) < 50_000
    assert "more characters)\n\nCost: 1 Activation." in shown.text


def test_texts_of_strangers_in_a_response_are_cleaned() -> None:
    """What a visitor hid in a page does not reach the model through the vendor's AI."""
    hidden = {"outcome": "errored", "frustrations": ["pay\u200bment 4111 1111 1111 1111"]}
    data = rendered({"response": hidden, "response_schema": VENDOR}).data

    assert data["response"]["frustrations"] == ["payment [card ending 1111]"]


anything = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=5), st.sampled_from(["STRING", "OBJECT", "x"])),
    lambda part: st.one_of(
        st.lists(part, max_size=3),
        st.dictionaries(
            st.sampled_from(["type", "properties", "items", "required", "enum", "nullable", "title", "a"]), part, max_size=5
        ),
    ),
)  # fmt: skip


@given(anything, anything)
def test_any_answer_under_any_schema_is_rendered(response: Any, schema: Any) -> None:
    """Nothing that comes in either place ends in a crash, and it is always valid JSON."""
    shown = rendered({"response": response, "response_schema": schema})

    assert shown.is_error or json.loads(shown.text)["note"].endswith(KEPT)


@pytest.mark.parametrize(
    ("vendor", "standard"),
    [
        ({"type": "OPENAPI_TYPE_UNSPECIFIED"}, {}),
        ({"type": "STRING", "nullable": True, "enum": ["a"]}, {"type": ["string", "null"], "enum": ["a", None]}),
        ({"type": "object"}, {"type": "object"}),
        ({"type": "ARRAY", "items": "?", "x": 1}, {"type": "array"}),
        ("?", {}),
    ],
)  # fmt: skip
def test_vendors_schema_is_read_tolerantly(vendor: Any, standard: Any) -> None:
    """What is not known, or of the wrong type, allows everything instead of failing."""
    assert json_schema(vendor) == standard
