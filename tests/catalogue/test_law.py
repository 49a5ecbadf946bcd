"""Every tool file obeys the law as it lies on disk. Not about what is served (test_served.py)."""

import json
from pathlib import Path

import jsonschema_rs
import pytest

from fullstory_mcp.catalogue import JSON
from fullstory_mcp.catalogue.load import find_root

ROOT = find_root()
LAW = json.loads((ROOT / "catalogue.schema.json").read_bytes())
VALIDATOR = jsonschema_rs.validator_for(LAW, validate_formats=True)
AREAS = [area["name"] for area in json.loads((ROOT / "fullstory" / "areas.json").read_bytes())]
FILES = sorted((ROOT / "fullstory").glob("*/*.json"))

each_file = pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)


def read(path: Path) -> JSON:
    """The file as JSON."""
    content: JSON = json.loads(path.read_bytes())
    return content


@each_file
def test_tool_file_obeys_the_law(path: Path) -> None:
    """A tool file has every part that catalogue.schema.json asks for, and no other."""
    faults = [
        f"{'/'.join(map(str, fault.instance_path)) or 'the root'}: {fault.message}"
        for fault in VALIDATOR.iter_errors(read(path))
    ]

    assert faults == [], f"{path.name}: mend these; catalogue.schema.json explains each key"


@each_file
def test_keys_stand_in_the_order_of_the_way(path: Path) -> None:
    """A tool file reads in the order in which a call passes through it."""
    order = [key for key in LAW["properties"] if key in read(path)]

    assert list(read(path)) == order, f"{path.name}: put its keys in this order: {', '.join(order)}"


@each_file
def test_name_is_the_files_stem(path: Path) -> None:
    """A tool is found by its name alone: the file is called like the tool."""
    name = read(path)["tool"]["name"]

    assert name == path.stem, f"rename {path.name} to {name}.json, or the tool to {path.stem}"


@each_file
def test_folder_is_a_declared_area(path: Path) -> None:
    """A tool lies in the folder of an area, so that no file is left out in silence."""
    assert path.parent.name in AREAS, f"declare {path.parent.name} in areas.json"


@pytest.mark.parametrize("area", AREAS)
def test_area_holds_a_tool(area: str) -> None:
    """No area is offered that holds nothing."""
    held = [path.stem for path in FILES if path.parent.name == area]

    assert held, f"add a tool to {area}, or remove it from areas.json"


def test_titles_differ() -> None:
    """A person can tell any two tools apart by their titles."""
    titles = [read(path)["tool"]["title"] for path in FILES]

    assert sorted(titles) == sorted(set(titles)), "give each tool a title of its own"
