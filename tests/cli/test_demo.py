"""`fullstory-mcp demo` shows the whole way to a person, and fails when the way is broken."""

import shutil
import subprocess
import sys
import time
from dataclasses import dataclass

import pytest

from command import fullstory_mcp

MOST_SECONDS = 10.0
ACTS = {
    "the levels": ("Standard", "Architect", "Admin"),
    "the trouble": (
        "# What went wrong - exception on p6: +01:54 p6e16 after p6e13 rage click - failed request ×3",
        "error click on p6: +01:51 p6e10",
    ),
    "the last page": (
        "## p6 “Payment” “/checkout?step=payment”",
        "failed request “POST /api/pay 502”",
        "rage click “Pay now”",
        "exception “TypeError: Cannot read properties of undefined (reading 'token')”",
    ),
    "the refusal": ("delete_user is not permitted: it needs an Architect key", "explain_access()"),
    "the question": ("Nothing has been changed yet", "still there, untouched"),
    "the deletion": ("Deletion of the user has started", "is_being_deleted: true"),
    "what next": ("claude mcp add --env FULLSTORY_API_KEY=… --transport stdio fullstory --",),
}
STARTED_WITH = """
import sys
from fullstory_mcp.cli.main import main
sys.executable = {executable!r}
main(["demo"])
"""


@dataclass(frozen=True)
class Shown:
    """One run of the demo."""

    run: subprocess.CompletedProcess[str]
    seconds: float

    @property
    def words(self) -> str:
        """What it printed, wherever lines were broken."""
        return " ".join(self.run.stdout.split())


@pytest.fixture(scope="module")
def shown() -> Shown:
    """The demo as a newcomer runs it, in a terminal of 80 columns."""
    begun = time.perf_counter()
    run = fullstory_mcp("demo", COLUMNS="80")
    return Shown(run, time.perf_counter() - begun)


def test_demo_ends_well_within_ten_seconds(shown: Shown) -> None:
    """A newcomer waits no longer, and sees nothing on stderr."""
    assert (shown.run.returncode, shown.run.stderr) == (0, "")
    assert shown.seconds < MOST_SECONDS


def test_demo_says_that_its_data_is_invented(shown: Shown) -> None:
    """Nobody may take the sandbox's people for real ones: it is said before anything else."""
    assert "All data below is invented" in " ".join(shown.run.stdout.splitlines()[:2])


@pytest.mark.parametrize("act", ACTS)
def test_demo_shows_each_act(shown: Shown, act: str) -> None:
    """From the list of tools to a confirmed deletion, each step is seen to happen."""
    missing = [words for words in ACTS[act] if words not in shown.words]

    assert missing == []


def test_demo_keeps_to_the_width_of_the_terminal(shown: Shown) -> None:
    """Only commands to copy may be longer than a line."""
    wide = [line for line in shown.run.stdout.splitlines() if len(line) > 80]

    assert [line for line in wide if "fullstory-mcp" not in line] == []


@pytest.mark.parametrize("executable", ["nowhere/python", shutil.which("false")])
def test_demo_whose_server_does_not_start_fails_in_one_sentence(executable: str) -> None:
    """A broken installation ends the demo with its reason and a non-zero code."""
    command = (sys.executable, "-c", STARTED_WITH.format(executable=executable))
    run = fullstory_mcp(command=command)

    assert run.returncode == 1
    assert run.stderr.startswith("fullstory-mcp: the demo's server did not answer")
    assert run.stderr.count("\n") == 1
