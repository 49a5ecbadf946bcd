"""Small functions and small files, so that each is read at a glance. Docstrings are not counted."""

import ast
import statistics
from pathlib import Path

import pytest

from checkout import ROOT, SOURCES

MOST_FILE_LINES = 400
MOST_FUNCTION_LINES = 60
MEDIAN_FUNCTION_LINES = 8
P90_FUNCTION_LINES = 30

Function = ast.FunctionDef | ast.AsyncFunctionDef


def functions(path: Path) -> list[Function]:
    """Every function in a file, nested ones and methods too."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return [node for node in ast.walk(tree) if isinstance(node, Function)]


def length(function: Function) -> int:
    """Lines from `def` to the end, without the docstring."""
    first = function.body[0]
    said = first.end_lineno - first.lineno + 1 if ast.get_docstring(function) is not None else 0
    return function.end_lineno - function.lineno + 1 - said


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT / "src")))
def test_file_and_its_functions_stay_small(path: Path) -> None:
    """A file that grew past its limit is cut where its docstring says "and"."""
    lines = path.read_text(encoding="utf-8").count("\n")
    long = {
        part.name: length(part) for part in functions(path) if length(part) > MOST_FUNCTION_LINES
    }

    assert lines <= MOST_FILE_LINES
    assert long == {}


def test_typical_function_is_short() -> None:
    """Half of all functions fit in eight lines, nine of ten in thirty."""
    lengths = sorted(length(part) for path in SOURCES for part in functions(path))

    assert statistics.median(lengths) <= MEDIAN_FUNCTION_LINES
    assert statistics.quantiles(lengths, n=10)[-1] <= P90_FUNCTION_LINES
