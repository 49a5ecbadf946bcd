"""Files that an operator edits while we run are read again once they have settled."""

from pathlib import Path

import pytest

from fullstory_mcp.settings.watched import Stamps, Watched, stamp_of
from support import Clock


class Page:
    """A file of one text, watched; `now` is the time that files are stamped by."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.clock = Clock()
        self.ahead = 0.0
        path.write_text("old")
        self._watched = Watched("The page", self._read, self.clock, self._now)

    def _now(self) -> float:
        stamped = self.path.stat()
        return max(stamped.st_mtime, stamped.st_ctime) + self.ahead

    def _read(self, stamps: Stamps) -> str:
        stamps[self.path] = stamp_of(self.path)
        return self.path.read_text()

    def after(self, seconds: float) -> str:
        """What it says after so many seconds."""
        self.clock.time += seconds
        return self._watched.current()


@pytest.fixture
def page(tmp_path: Path) -> Page:
    """A page that says old."""
    return Page(tmp_path / "page")


def test_fresh_change_counts_when_it_is_found_unchanged(page: Page) -> None:
    """Two looks a second apart: what is being written is never read."""
    page.path.write_text("half")
    assert page.after(1) == "old"
    page.path.write_text("the new whole")
    assert page.after(1) == "old"
    assert page.after(0.5) == "old"
    assert page.after(0.5) == "the new whole"


def test_change_of_an_hour_ago_counts_at_once(page: Page) -> None:
    """Nobody called in the meantime: the first who does is not served by the old."""
    page.path.write_text("new")
    page.ahead = 3600

    assert page.after(3600) == "new"


def test_times_that_are_yet_to_come_say_nothing(page: Page) -> None:
    """A file server's clock may be ahead of ours; then two looks decide."""
    page.path.write_text("new")
    page.ahead = -3600

    assert page.after(3600) == "old"
    assert page.after(1) == "new"


def test_file_that_comes_and_goes_is_looked_for(page: Page) -> None:
    """One that was put in the place of another counts like a change."""
    beside = page.path.with_name("beside")
    beside.write_text("new")
    page.path.unlink()
    page.ahead = 0
    beside.rename(page.path)

    assert page.after(1) == "old"
    assert page.after(1) == "new"
