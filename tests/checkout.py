"""The checkout that the tests stand in."""

import os
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SOURCES = sorted((ROOT / "src").rglob("*.py"))

_MADE = {"__pycache__", "node_modules", "dist", "build"}


def written_files() -> Iterator[Path]:
    """Every file that a person wrote: no caches, no environments, nothing of git's own.

    Walked rather than asked of git, which a bare machine may not have.
    """
    for folder, inside, names in os.walk(ROOT):
        inside[:] = [name for name in inside if _is_written(Path(folder, name))]
        yield from (Path(folder, name) for name in names if name != ".git")


def _is_written(folder: Path) -> bool:
    hidden = folder.name.startswith(".") and folder.name != ".ci"
    made = folder.name in _MADE or folder.name.endswith(".egg-info")
    return not (hidden or made or (folder / "pyvenv.cfg").exists())
