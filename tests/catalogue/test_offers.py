"""Prompts and resource templates as data: what they name exists, and what they take is used."""

import json
import re
import shutil
from pathlib import Path

import pytest

from fullstory_mcp.catalogue import Prompt, ResourceTemplate, load_catalogue
from fullstory_mcp.catalogue.load import find_root
from fullstory_mcp.errors import CatalogueError

CATALOGUE = load_catalogue()
VERBS = "|".join(sorted({name.partition("_")[0] for name in CATALOGUE.tools}))
TOOL_NAME = re.compile(rf"\b(?:{VERBS})_[a-z_]+\b")

each_prompt = pytest.mark.parametrize("prompt", CATALOGUE.prompts, ids=lambda prompt: prompt.name)
each_resource = pytest.mark.parametrize("resource", CATALOGUE.resources, ids=lambda one: one.name)


@each_prompt
def test_prompt_names_tools_that_exist(prompt: Prompt) -> None:
    """A model that follows a prompt finds every tool it is sent to, and the needed ones are named."""
    named = set(TOOL_NAME.findall("\n".join(prompt.text)))

    assert named <= set(CATALOGUE.tools), f"no such tool: {named - set(CATALOGUE.tools)}"
    assert set(prompt.tools) <= named, "name every needed tool in the text, or do not need it"


@each_prompt
def test_prompt_uses_each_argument_it_takes(prompt: Prompt) -> None:
    """What a person fills in has its place in the text, and no place is left without an argument."""
    places = set(re.findall(r"\{(\w+)\}", "\n".join(prompt.text)))

    assert places == {argument.name for argument in prompt.arguments}, "use each argument once"
    assert set(prompt.one_of) <= places


@each_prompt
def test_prompt_only_reads(prompt: Prompt) -> None:
    """A prompt is clicked lightly: the tools it needs change nothing."""
    effects = {CATALOGUE.tools[name].gate.effect for name in prompt.tools}

    assert effects == {"read"}, "a prompt may need reading tools only"


@each_prompt
def test_completion_comes_from_a_list_that_exists(prompt: Prompt) -> None:
    """Completed arguments draw on a listing tool, under the name of its items."""
    for argument in prompt.arguments:
        if argument.complete is not None:
            tool = CATALOGUE.tools[argument.complete.tool]
            assert (tool.gate.effect, tool.gate.meter) == ("read", None), (
                "complete from a free read"
            )
            assert tool.shape.items == argument.complete.items


def test_line_without_its_argument_is_left_out() -> None:
    """A prompt reads whole, whichever arguments are given."""
    prompt = Prompt("n", "t", "d", (), (), ("always", "with {a}", "with {a} and {b}"))

    assert prompt.written({"a": "{b}"}) == "always\nwith {b}"


@each_resource
def test_resource_is_read_by_a_reading_tool(resource: ResourceTemplate) -> None:
    """A resource's tool exists, reads, and takes what the URI gives; its price is said."""
    tool = CATALOGUE.tools[resource.tool]

    assert tool.gate.effect == "read"
    assert set(tool.input.schema["required"]) <= set(resource.arguments)
    assert set(resource.arguments) <= set(tool.input.schema["properties"])
    assert ("1 Activation" in resource.description) is (tool.gate.meter == "activations")


@pytest.mark.parametrize(
    ("uri", "arguments"),
    [
        ("fullstory://session/1%3A2", {"session_id": "1:2"}),
        ("fullstory://session/1:2", {"session_id": "1:2"}),
        ("fullstory://session/https%3A%2F%2Fx%2Fy", {"session_id": "https://x/y"}),
        ("fullstory://session/1%3A2/events", None),
        ("fullstory://session/1?x", None),
        ("fullstory://session/", None),
    ],
)
def test_uri_gives_the_variables_of_its_template(uri: str, arguments: object) -> None:
    """A variable is one segment of the path, decoded."""
    assert CATALOGUE.resources[0].call(uri) == arguments


@pytest.mark.parametrize(
    ("name", "rows"),
    [
        ("prompts.json", [{}]),
        ("prompts.json", {"a": 1}),
        ("prompts.json", [{"name": "n", "arguments": [{"x": 1}]}]),
        ("resources.json", [{"uri": "x"}]),
        ("resources.json", [1]),
    ],
)
def test_broken_file_is_named(tmp_path: Path, name: str, rows: object) -> None:
    """Whoever broke a file is told which one, in one sentence."""
    root = shutil.copytree(find_root(), tmp_path / "tool_schemas")
    (root / "fullstory" / name).write_text(json.dumps(rows), encoding="utf-8")

    with pytest.raises(CatalogueError, match=re.escape(f"fullstory/{name} is broken")):
        load_catalogue(root)
