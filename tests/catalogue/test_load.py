"""Reading the catalogue: a fixed order, and one sentence that names the file when one is broken."""

import json
import re
import shutil
from pathlib import Path

import pytest

from fullstory_mcp.catalogue import load_catalogue
from fullstory_mcp.catalogue.load import find_root
from fullstory_mcp.errors import CatalogueError

BROKEN = "fullstory/annotations/create_annotation.json"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A copy of the catalogue that a test may break."""
    return shutil.copytree(find_root(), tmp_path / "tool_schemas")


def rewrite(path: Path, place: str, value: object) -> None:
    """Sets the dotted `place` of a JSON file to `value`; None removes it."""
    content = json.loads(path.read_bytes())
    *parents, last = place.split(".")
    part = content
    for parent in parents:
        part = part[parent]
    part[last] = value
    if value is None:
        del part[last]
    path.write_text(json.dumps(content), encoding="utf-8")


def test_tools_stand_in_the_order_of_areas_then_names() -> None:
    """The served order is fixed, so that clients can cache and people can compare."""
    catalogue = load_catalogue()
    areas = [area.name for area in catalogue.areas]
    tools = list(catalogue.tools.values())

    assert tools == sorted(tools, key=lambda tool: (areas.index(tool.area), tool.name))


@pytest.mark.parametrize(
    ("place", "value", "said"),
    [
        ("gate", None, "lacks 'gate'"),
        ("extra", {}, "unknown key extra"),
        ("http", None, "neither http nor composite"),
        ("tool.name", "add_annotation", "the name add_annotation differs"),
        ("tool.annotations.idempotentHint", None, "all four annotations"),
        ("gate.level", "owner", "unknown level owner"),
        ("gate.effect", "guess", "unknown effect guess"),
        ("gate.effect", "read", "a tool that changes something says what, and no other"),
        ("input.properties.text", {"shape": "colour"}, "lacks 'colour'"),
        ("input.required", ["colour"], "a required argument is not declared"),
        ("http.body", ["text", "start_time", "end_time"], "arguments and places differ"),
        ("http.query", ["colour"], "arguments and places differ"),
        ("http.ours", ["colour"], "arguments and places differ"),
        ("http.retry", "always", "unknown retry policy always"),
        ("http.timeout", "never", "unknown timeout never"),
        ("http.host", "elsewhere", "unknown host elsewhere"),
        ("http.colour", "blue", "colour"),
    ],
)
def test_broken_tool_file_is_named_with_its_fault(
    root: Path, place: str, value: object, said: str
) -> None:
    """Whoever broke a file is told which one and what is wrong with it, in one sentence."""
    rewrite(root / BROKEN, place, value)

    with pytest.raises(CatalogueError) as told:
        load_catalogue(root)

    assert BROKEN in str(told.value)
    assert said in str(told.value)


@pytest.mark.parametrize("text", ["{", "", "\ufeff[]", "[]", "null"])
def test_file_that_is_no_json_object_is_named(root: Path, text: str) -> None:
    """A half-written file is told by its name, not by a traceback."""
    (root / BROKEN).write_text(text, encoding="utf-8")

    with pytest.raises(CatalogueError, match=re.escape(BROKEN)):
        load_catalogue(root)


@pytest.mark.parametrize("name", ["provider.json", "areas.json", "shapes.json"])
def test_missing_common_file_is_named(root: Path, name: str) -> None:
    """Each of the three files that all tools rest on is missed by name."""
    (root / "fullstory" / name).unlink()

    with pytest.raises(CatalogueError, match=f"fullstory/{name} is missing"):
        load_catalogue(root)


def test_provider_without_a_part_is_named(root: Path) -> None:
    """A provider file that lost a part says which."""
    rewrite(root / "fullstory" / "provider.json", "retry", None)

    with pytest.raises(CatalogueError, match=r"fullstory/provider\.json lacks 'retry'"):
        load_catalogue(root)


def test_catalogue_without_tools_is_refused(root: Path) -> None:
    """A server with nothing to offer does not start."""
    for path in (root / "fullstory").glob("*/*.json"):
        path.unlink()

    with pytest.raises(CatalogueError, match="empty"):
        load_catalogue(root)
