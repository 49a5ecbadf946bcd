"""What an operator keeps in files and may edit while we run: read again soon after a change.

A file that is just being written is left alone until it has settled: it may be half there, and half a
policy can be sound. What cannot be used changes nothing: the last that could stays in force, and the
log says why.
"""

import logging
import time
from collections.abc import Callable
from math import inf
from pathlib import Path
from typing import Generic, TypeVar

from fullstory_mcp.errors import SettingsError

logger = logging.getLogger(__name__)

LOOK_SECONDS = 1.0
"""How long what was read is taken to be still so."""

SETTLED_SECONDS = 1.0
"""How long nobody may have written to a file before it is read again."""

Stamp = tuple[int, int, int, int]
"""What changes when a file does."""

Stamps = dict[Path, Stamp | None]
"""The stamp that each file had before it was read, None where it was not there."""

_Content = TypeVar("_Content")


def stamp_of(path: Path) -> Stamp | None:
    """What changes when the file does, None where it is not there."""
    try:
        stat = path.stat()
    except (OSError, ValueError):
        return None
    return stat.st_mtime_ns, stat.st_ctime_ns, stat.st_size, stat.st_ino


class Watched(Generic[_Content]):
    """The content of files as it is now; `what` names it in the log, as `The policy file`.

    `read` makes the content and notes in what it is given the stamp of each file before reading it;
    it raises SettingsError where the content cannot be used. `clock` counts seconds from anywhere;
    `now` is what the files' own times are told by, Unix seconds: theirs alone says whether a change
    that nobody looked for is an hour old.

    Raises:
        SettingsError: at the start only.
    """

    def __init__(
        self,
        what: str,
        read: Callable[[Stamps], _Content],
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._what = what
        self._read = read
        self._clock = clock
        self._now = now
        self._looked_at = clock()
        self._stamps: Stamps = {}
        self._unsettled: Stamps = {}
        self._content = read(self._stamps)

    def current(self) -> _Content:
        """The content, read again where a file that it was read from has changed and settled."""
        now = self._clock()
        if now - self._looked_at >= LOOK_SECONDS:
            self._looked_at = now
            found = {path: stamp_of(path) for path in self._stamps}
            if found != self._stamps and (found == self._unsettled or self._have_settled(found)):
                self._again()
            self._unsettled = found
        return self._content

    def _have_settled(self, found: Stamps) -> bool:
        """Whether the last write was a while ago; one that is yet to come says nothing."""
        changes = [stamp for path, stamp in found.items() if stamp != self._stamps[path]]
        # A file that is not there, or a clock of the files' that is ahead of ours: look again.
        written = [max(stamp[:2]) / 1e9 if stamp else inf for stamp in changes]
        return max(written) + SETTLED_SECONDS <= self._now()

    def _again(self) -> None:
        # Kept also after a failure: a file that was missing is looked for again.
        self._stamps = {}
        try:
            self._content = self._read(self._stamps)
        except SettingsError as error:
            logger.error("%s What it said before stays in force.", error)  # noqa: TRY400 - the text is whole
        else:
            logger.info("%s was read again.", self._what)
