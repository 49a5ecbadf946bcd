"""The catalogue is found in the wheel and in the checkout alike."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from checkout import ROOT
from fullstory_mcp.catalogue import load_catalogue
from fullstory_mcp.catalogue.load import find_root

TOOLS = 53
LOAD = """
import sys
sys.path.insert(0, sys.argv[1])
import fullstory_mcp
from fullstory_mcp.catalogue import load_catalogue
from fullstory_mcp.catalogue.load import find_root
print(fullstory_mcp.__file__, find_root(), len(load_catalogue().tools), sep="\\n")
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wheel built from the checkout, as an installer builds it."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    return next(folder.glob("*.whl"))


def test_catalogue_loads_from_the_wheel_alone(wheel: Path, tmp_path: Path) -> None:
    """A user who has the wheel and no checkout gets every tool."""
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path)
    command = [sys.executable, "-I", "-c", LOAD, str(tmp_path)]
    run = subprocess.run(command, cwd=tmp_path, check=True, capture_output=True, text=True)
    package = tmp_path / "fullstory_mcp"

    assert run.stdout.splitlines() == [
        str(package / "__init__.py"),
        str(package / "tool_schemas"),
        str(TOOLS),
    ]


def test_wheel_holds_every_catalogue_file_unchanged(wheel: Path) -> None:
    """What was reviewed is what is shipped."""
    with zipfile.ZipFile(wheel) as archive:
        shipped = {
            name.partition("/tool_schemas/")[2]: archive.read(name)
            for name in archive.namelist()
            if "/tool_schemas/" in name
        }
    root = ROOT / "tool_schemas"
    written = {
        path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*.json")
    }

    assert shipped == written


def test_wheel_holds_no_more_than_the_package(wheel: Path) -> None:
    """Tests, benchmarks and the checkout's own files stay at home."""
    with zipfile.ZipFile(wheel) as archive:
        tops = {name.split("/")[0] for name in archive.namelist()}

    assert {top for top in tops if not top.endswith(".dist-info")} == {"fullstory_mcp"}


def test_checkout_reads_its_own_catalogue() -> None:
    """An edited tool file counts at once, though an editable install keeps a stale copy elsewhere."""
    assert find_root() == ROOT / "tool_schemas"
    assert len(load_catalogue().tools) == TOOLS
