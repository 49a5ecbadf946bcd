"""What must stand in one place only, and what must stand nowhere."""

import ast
import re
from pathlib import Path

import pytest

from checkout import ROOT, SOURCES, written_files
from fullstory_mcp import __version__

NOWHERE = {
    "a package registry's host": r"\b(?:pypi\.(?:org|io)|pythonhosted\.org|npmjs\.(?:org|com)|deb\.debian\.org)\b",
    "a folder of some machine": r"(?<![\w.])/(?:work|root|Users|home|tmp)/\w",
}
ONE_PLACE = {
    "print": frozenset[str](),
    "os.environ": frozenset({"audit/spans.py", "cli/serving.py", "oauth/access.py"}),
    "os.getenv": frozenset[str](),
}
"""Calls and names of Python that only these modules may use, relative to the package."""


def name_of(node: ast.AST) -> str:
    """`print`, `os.environ`: the dotted name a node stands for, or nothing."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
        return f"{node.value.id}.{node.attr}"
    return ""


def users(name: str) -> set[str]:
    """The modules that use a name."""
    return {
        path.relative_to(ROOT / "src" / "fullstory_mcp").as_posix()
        for path in SOURCES
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if name_of(node) == name
    }


@pytest.mark.parametrize("name", ONE_PLACE)
def test_name_is_used_in_its_place_only(name: str) -> None:
    """Stdout belongs to the protocol, and the environment is read by the settings."""
    assert users(name) <= ONE_PLACE[name]


@pytest.mark.parametrize("what", NOWHERE)
def test_no_file_names_a_registry_or_a_machine(what: str) -> None:
    """The checkout works anywhere, with any index, and tells nothing of where it was written."""
    pattern = re.compile(NOWHERE[what])
    found = [
        f"{path.relative_to(ROOT)}: {match[0]}"
        for path in written_files()
        if (match := pattern.search(path.read_text(encoding="utf-8", errors="replace")))
    ]

    assert found == []


def test_version_stands_in_one_place() -> None:
    """A release changes one line of code; the build reads it from there."""
    assigned = re.compile(r"^(?:__version__|version)\s*=", re.MULTILINE)
    places = [
        path.relative_to(ROOT).as_posix()
        for path in [*SOURCES, ROOT / "pyproject.toml"]
        if assigned.search(path.read_text(encoding="utf-8"))
    ]

    assert places == ["src/fullstory_mcp/__init__.py"]
    assert re.fullmatch(r"\d+\.\d+\.\d+", __version__)


def test_typed_marker_lies_in_the_package() -> None:
    """Type checkers believe a package's annotations only beside this file."""
    assert Path(ROOT / "src" / "fullstory_mcp" / "py.typed").is_file()
