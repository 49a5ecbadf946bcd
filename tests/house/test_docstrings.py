"""Everything that others use, and every test, says in words what it is for."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from checkout import ROOT, SOURCES

Defined = ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
TESTS = sorted((ROOT / "tests").rglob("test_*.py"))


def tree(path: Path) -> ast.Module:
    """A file's syntax tree."""
    return ast.parse(path.read_text(encoding="utf-8"))


def public(node: ast.Module | ast.ClassDef) -> Iterator[Defined]:
    """The classes, functions and methods whose names do not begin with an underscore."""
    for part in node.body:
        if isinstance(part, Defined) and not part.name.startswith("_"):
            yield part
            if isinstance(part, ast.ClassDef):
                yield from public(part)


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT / "src")))
def test_module_and_its_public_parts_are_explained(path: Path) -> None:
    """A reader learns from the docstring what a part is for; the module's also says what it is not."""
    module = tree(path)
    silent = [part.name for part in public(module) if not ast.get_docstring(part)]

    assert ast.get_docstring(module), "begin the file with a docstring"
    assert silent == []


@pytest.mark.parametrize("path", TESTS, ids=lambda path: str(path.relative_to(ROOT / "tests")))
def test_every_test_says_what_must_be_true(path: Path) -> None:
    """A test that fails years later still tells what was promised."""
    tests = [part for part in ast.walk(tree(path)) if isinstance(part, Defined)]
    silent = [
        part.name for part in tests if part.name.startswith("test_") and not ast.get_docstring(part)
    ]

    assert silent == []
