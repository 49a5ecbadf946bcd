"""What clients are served: schemas that the strictest of them accept and a model understands."""

from collections.abc import Iterator

import pytest

from fullstory_mcp.catalogue import JSON, Tool, load_catalogue, served_tool

TOOLS = list(load_catalogue().tools.values())
COMPOSED = {"$ref", "$defs", "$dynamicRef", "anyOf", "oneOf", "allOf", "not", "if", "then", "else"}
OURS = {"shape", "serve", "translate"}
REFUSED = {
    "pattern",
    "format",
    "propertyNames",
    "minLength",
    "maxLength",
    "minItems",
    "maxItems",
    "uniqueItems",
}
MOST_CHARACTERS = 200

each_tool = pytest.mark.parametrize("tool", TOOLS, ids=lambda tool: tool.name)


@each_tool
def test_root_is_a_plain_closed_object(tool: Tool) -> None:
    """One root that is no plain object makes some clients lose every tool of the server."""
    root = served_tool(tool)["inputSchema"]

    assert set(root) <= {"type", "properties", "required", "additionalProperties"}, (
        "keep the root plain"
    )
    assert (root["type"], root["additionalProperties"]) == ("object", False), (
        "the root is a closed object"
    )


@each_tool
def test_nothing_is_referenced_or_composed(tool: Tool) -> None:
    """Clients drop or refuse schemas with references and alternatives; those are rules here."""
    found = {key for node in served_nodes(tool) for key in node} & COMPOSED

    assert found == set(), "write a plain schema, and say the alternative as a rule"


@each_tool
def test_every_type_is_one_word(tool: Tool) -> None:
    """Some clients refuse a list of types; a node without a type tells a model nothing."""
    odd = [node for node in served_nodes(tool) if not isinstance(node.get("type"), str)]

    assert odd == [], "give each part exactly one type"


@each_tool
def test_no_keyword_is_served_that_strict_clients_refuse(tool: Tool) -> None:
    """Limits that clients stumble over are checked here and said in descriptions."""
    found = {key for node in served_nodes(tool) for key in node} & REFUSED

    assert found == set(), "leave it to the check: catalogue/served.py strips it"


@each_tool
def test_every_shape_is_resolved(tool: Tool) -> None:
    """A shape whose root is another shape is left standing by the loader, and checks nothing."""
    found = [key for node in nodes(tool.input.schema) for key in node if key == "shape"]
    served = {key for node in served_nodes(tool) for key in node} & OURS

    assert (found, served) == ([], set()), "write that shape out in shapes.json"


@each_tool
def test_every_argument_is_described_briefly(tool: Tool) -> None:
    """Each argument says what it is, in a line; only those marked bare are left to their name."""
    for name, argument in served_tool(tool)["inputSchema"]["properties"].items():
        if tool.input.schema["properties"][name].get("serve") == "bare":
            continue
        assert 0 < len(argument.get("description", "")) <= MOST_CHARACTERS, (
            f"{name}: describe it in a line"
        )


@each_tool
def test_int64_is_text(tool: Tool) -> None:
    """Numbers beyond 2^53 travel as strings of digits, or they would be rounded."""
    int64 = [node for node in nodes(tool.input.schema) if node.get("format") == "int64"]

    assert all(map(is_digits, int64)), "give an int64 the type string and a pattern of digits"


@each_tool
def test_required_arguments_come_with_their_schema(tool: Tool) -> None:
    """What a client must fill in is told to it, nested parts included."""
    for node in served_nodes(tool):
        missing = set(node.get("required", ())) - set(node.get("properties", ()))

        assert missing == set(), f"declare {', '.join(missing)}, or do not require it"


def is_digits(node: JSON) -> bool:
    """Whether a schema is a string of digits."""
    return node["type"] == "string" and node.get("pattern") == "^[0-9]{1,19}$"


def served_nodes(tool: Tool) -> list[JSON]:
    """Every schema in what is served, the root first."""
    return list(nodes(served_tool(tool)["inputSchema"]))


def nodes(schema: JSON) -> Iterator[JSON]:
    """A schema and every schema inside it; names of properties are not mistaken for keywords."""
    yield schema
    named = schema.get("properties", {}).values()
    for part in (*named, schema.get("items"), schema.get("additionalProperties")):
        if isinstance(part, dict):
            yield from nodes(part)
