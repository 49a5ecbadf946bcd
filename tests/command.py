"""The real command, as a shell starts it: its own process, and no settings but those given."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

COMMAND = (sys.executable, "-m", "fullstory_mcp")
_OUTSIDE = re.compile(r"FULLSTORY_.*|.*_PROXY|NO_COLOR|FORCE_COLOR|COLUMNS", re.IGNORECASE)


def environment(**given: str) -> dict[str, str]:
    """This process's variables without any that changes what the command does, and `given`.

    Lines are wide unless asked otherwise, so that a sentence is found in one piece.
    """
    kept = {name: value for name, value in os.environ.items() if not _OUTSIDE.fullmatch(name)}
    return kept | {"COLUMNS": "400"} | given


def fullstory_mcp(
    *arguments: str, command: tuple[str, ...] = COMMAND, **settings: str
) -> subprocess.CompletedProcess[str]:
    """Runs `fullstory-mcp ARGUMENTS` to its end, with nothing on stdin."""
    return subprocess.run(
        [*command, *arguments],
        env=environment(**settings),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )


@contextmanager
def sandbox() -> Iterator[str]:
    """The address of a running `fullstory-mcp sandbox`."""
    process = subprocess.Popen(
        [*COMMAND, "sandbox", "--port", "0"],
        env=environment(),
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    )
    try:
        assert process.stderr is not None
        said = process.stderr.readline()
        address = re.search(r"http://[\w.:]+", said)
        assert address, said
        yield address[0]
    finally:
        process.terminate()
        process.communicate(timeout=30)
