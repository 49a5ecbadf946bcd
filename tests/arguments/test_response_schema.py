"""A summary's response schema: JSON Schema is translated, what cannot be said is refused by name."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fullstory_mcp.arguments.response_schema import CAPITALS, to_vendor
from fullstory_mcp.shaping.vendor_schema import json_schema

AT = ("llm", "response_schema")

texts = st.text(max_size=8)


def schemas(leaf: st.SearchStrategy[Any], wrap: Any) -> st.SearchStrategy[Any]:
    """Schemas of any depth from leaves of one dialect and a function that makes the rest."""
    return st.recursive(
        leaf,
        lambda part: st.one_of(
            st.builds(wrap.array, part, texts),
            st.builds(wrap.object, st.dictionaries(texts, part, max_size=3)),
        ),
        max_leaves=8,
    )


class Standard:
    """Parts of an ordinary JSON Schema."""

    leaf = st.one_of(
        st.builds(
            lambda name: {"type": name}, st.sampled_from(["string", "number", "integer", "boolean"])
        ),
        st.builds(lambda name: {"type": [name, "null"]}, st.sampled_from(["string", "number"])),
        st.builds(
            lambda options: {"type": "string", "enum": options},
            st.lists(texts, min_size=1, unique=True),
        ),
    )

    @staticmethod
    def array(items: Any, title: str) -> Any:
        """A list of `items`."""
        return {"type": "array", "title": title, "items": items}

    @staticmethod
    def object(properties: Any) -> Any:
        """An object that requires all its properties."""
        return {"type": "object", "properties": properties} | (
            {"required": list(properties)} if properties else {}
        )


@given(schemas(Standard.leaf, Standard))
def test_there_and_back_again_is_the_same_schema(schema: Any) -> None:
    """What is sent in the vendor's dialect reads, translated back, as what was given."""
    vendor, faults = to_vendor(schema, AT)

    assert faults == []
    assert json_schema(vendor) == schema


@given(schemas(Standard.leaf, Standard))
def test_vendors_own_dialect_is_sent_as_it_came(schema: Any) -> None:
    """Who writes the vendor's dialect already is not second-guessed."""
    vendor, _ = to_vendor(schema, AT)

    assert to_vendor(vendor, AT) == (vendor, [])


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        ({"type": "string"}, {"type": "STRING"}),
        ({"type": ["null", "integer"]}, {"type": "INTEGER", "nullable": True}),
        ({"anyOf": [{"type": "null"}, {"type": "number"}], "title": "n"}, {"type": "NUMBER", "nullable": True, "title": "n"}),
        ({"oneOf": [{"type": "array", "items": {"type": "string"}}, {"type": "null"}]}, {"type": "ARRAY", "items": {"type": "STRING"}, "nullable": True}),
        ({"enum": ["a", None]}, {"type": "STRING", "format": "enum", "enum": ["a"], "nullable": True}),
        ({"const": "a", "type": "string"}, {"type": "STRING", "format": "enum", "enum": ["a"]}),
        ({"$schema": "https://json-schema.org/draft/2020-12/schema", "type": "boolean"}, {"type": "BOOLEAN"}),
        ({"type": "OBJECT", "properties": {"a": {"type": "STRING", "nullable": True}}}, {"type": "OBJECT", "properties": {"a": {"type": "STRING", "nullable": True}}}),
    ],
)  # fmt: skip
def test_schema_is_said_in_the_vendors_words(given: Any, sent: Any) -> None:
    """Types become capitals, null becomes nullable, enums get their format."""
    assert to_vendor(given, AT) == (sent, [])


@pytest.mark.parametrize(
    ("given", "field", "why"),
    [
        ({"type": "string", "pattern": "x"}, "pattern", "cannot be said"),
        ({"type": "integer", "minimum": 1}, "minimum", "cannot be said"),
        ({"type": "object", "additionalProperties": False}, "additionalProperties", "cannot be said"),
        ({"$ref": "#/$defs/a", "$defs": {}}, "$ref", "cannot be said"),
        ({"type": "object", "properties": {"a": {"$ref": "#"}}}, "properties.a.$ref", "cannot be said"),
        ({"type": "array", "items": {"type": "string", "format": "uri"}}, "items.format", "belongs to Fullstory's own dialect"),
        ({"anyOf": [{"type": "string"}, {"type": "integer"}]}, "anyOf", "cannot be said"),
        ({"allOf": []}, "allOf", "cannot be said"),
        ({"type": ["string", "integer"]}, "type", "alone or beside null"),
        ({"type": "null"}, "type", "alone or beside null"),
        ({"type": "date"}, "type", "must be one of string, number"),
        ({"type": [["string"]]}, "type", "must be one of string, number"),
        ({"type": "DATE"}, "type", "must be one of string, number"),
        ({"enum": [1, 2]}, "enum", "must be a list of texts"),
        ({"type": "integer", "enum": ["a"]}, "enum", "contradicts the type integer"),
        ({"title": "t"}, "type", "is required"),
        ({"type": "object", "properties": []}, "properties", "must be an object of schemas"),
        ({"type": "object", "properties": {"a": True}}, "properties.a", "must be a schema"),
        ({"type": "array", "items": [{"type": "string"}]}, "items", "must be a schema"),
        ({"type": "object", "required": "a"}, "required", "must be a list of texts"),
        ({"type": "string", "title": 1}, "title", "must be a text"),
        ({"type": "OBJECT", "properties": {"a": {"type": "string"}}}, "properties.a.type", "belongs to JSON Schema"),
        ({"type": "object", "properties": {"a": {"type": "STRING"}}}, "properties.a.type", "belongs to Fullstory's own dialect"),
        ({"type": "string", "nullable": True}, "nullable", "belongs to Fullstory's own dialect"),
        ({"type": "STRING", "nullable": "yes"}, "nullable", "must be a boolean"),
        ({"type": "STRING", "const": "a"}, "const", "belongs to JSON Schema"),
        ({"type": "STRING", "minLength": 1}, "minLength", "cannot be said"),
        ({"type": "ARRAY", "items": {"type": "TEXT"}}, "items.type", "must be one of STRING"),
    ],
)  # fmt: skip
def test_what_cannot_be_said_is_refused_by_its_name_and_path(
    given: Any, field: str, why: str
) -> None:
    """A keyword the vendor has no word for, or one of the other dialect, is never dropped in silence."""
    _, faults = to_vendor(given, AT)

    assert [fault.field for fault in faults] == [f"llm.response_schema.{field}"] + (
        ["llm.response_schema.$defs"] if "$defs" in given else []
    )
    assert why in faults[0].why


@given(st.recursive(st.one_of(texts, st.none(), st.integers(), st.sampled_from(CAPITALS)), lambda part: st.one_of(st.lists(part, max_size=3), st.dictionaries(st.sampled_from(["type", "items", "properties", "enum", "anyOf", "x"]), part, max_size=4))))  # fmt: skip
def test_whatever_is_given_is_translated_or_refused(schema: Any) -> None:
    """No schema, however odd, ends in a crash."""
    vendor, faults = to_vendor(schema, AT)

    assert faults or json_schema(vendor)
