"""Texts that are reviewed as product output: kept in `snapshots/`, compared whole."""

from pathlib import Path

FOLDER = Path(__file__).parent / "snapshots"
UPDATE = "pytest --update-snapshots"


class Snapshots:
    """Compares a text with the one kept under a name; writes it instead when told to update."""

    def __init__(self, *, update: bool) -> None:
        self._update = update

    def check(self, name: str, text: str) -> None:
        """Fails where `text` is not what is kept, with the command that accepts it."""
        path = FOLDER / name
        if self._update:
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8")
        assert path.exists(), f"snapshots/{name} is missing; look at it after: {UPDATE}"
        kept = path.read_text(encoding="utf-8")
        assert kept == text, f"snapshots/{name} is stale; if the change is meant: {UPDATE}"
