"""What the README says is what the code does."""

import os
import re
import sys
from pathlib import Path

import pytest

from checkout import ROOT
from command import fullstory_mcp
from fullstory_mcp import __version__
from fullstory_mcp.cli.main import main
from fullstory_mcp.settings import Settings

README = (ROOT / "README.md").read_text(encoding="utf-8")
CI = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
COMMANDS = {
    "run it": "pip install -c constraints.txt . && fullstory-mcp demo",
    "test it": 'pip install -c constraints.txt -e ".[test]" && pytest',
}


def test_tables_are_made_from_the_data() -> None:
    """Levels, tools and settings stand in the README as the catalogue and the settings say."""
    run = fullstory_mcp("docs", "--check", str(ROOT / "README.md"))

    assert (run.returncode, run.stderr) == (0, "")


def test_stale_table_is_found_and_mended(tmp_path: Path) -> None:
    """`docs --check` fails on a changed table, `docs` writes it anew and touches nothing else."""
    copy = tmp_path / "README.md"
    copy.write_text(README.replace("| `list_sessions` |", "| `find_sessions` |"), encoding="utf-8")

    stale = fullstory_mcp("docs", "--check", str(copy))
    mended = fullstory_mcp("docs", str(copy))

    assert (stale.returncode, mended.returncode) == (1, 0)
    assert "run `fullstory-mcp docs`" in stale.stderr
    assert copy.read_text(encoding="utf-8") == README


@pytest.mark.parametrize("purpose", COMMANDS)
def test_newcomers_commands_are_the_ones_that_ci_runs(purpose: str) -> None:
    """What the README promises at the first try is tried on every change."""
    assert f"\n{COMMANDS[purpose]}\n" in README
    assert COMMANDS[purpose] in CI


def test_example_of_an_agent_framework_runs() -> None:
    """The code to copy works as it stands, here with a model that calls one tool by itself."""
    (code,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    model, scripted = '"anthropic:claude-sonnet-4-5"', 'TestModel(call_tools=["get_me"])'
    assert model in code
    code = f"from pydantic_ai.models.test import TestModel\n{code.replace(model, scripted)}"
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    run = fullstory_mcp(command=(sys.executable, "-c", code), PATH=path)

    assert run.returncode == 0, run.stderr
    assert "get_me" in run.stdout


def test_every_setting_is_in_the_readme() -> None:
    """There is no hidden switch."""
    names = [str(field.validation_alias) for field in Settings.model_fields.values()]

    assert [name for name in names if f"| `{name}` |" not in README] == []


def test_every_command_is_in_the_readme() -> None:
    """Each command of the help is shown once at least."""
    commands = [name for name, command in main.commands.items() if not command.hidden]

    assert [name for name in commands if f"fullstory-mcp {name}" not in README] == []


def test_changes_come_last_and_begin_with_this_version() -> None:
    """The newest version of the changes is the one in the code."""
    sections = re.findall(r"^## (.+)$", README, re.MULTILINE)
    versions = re.findall(r"^### (\d+\.\d+\.\d+)", README, re.MULTILINE)

    assert sections[-1] == "Changes"
    assert versions[0] == __version__
