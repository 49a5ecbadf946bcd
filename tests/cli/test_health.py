"""`fullstory-mcp health` asks a server that a container runs, and leaves every other process alone."""

import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from command import environment, fullstory_mcp
from server.doors import serving

LISTENS_ELSEWHERE = "import time; print('up', flush=True); time.sleep(60)"

pytestmark = pytest.mark.skipif(
    sys.platform != "linux", reason="command lines are read where Linux has them"
)


@pytest.fixture
def pretending(request: pytest.FixtureRequest) -> Iterator[int]:
    """The id of a process with the command line that a test names, which answers nothing."""
    command = [sys.executable, "-c", LISTENS_ELSEWHERE, *request.param]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        yield process.pid
        process.kill()


@pytest.mark.parametrize("told", ["--port {}", "--port={} --host=127.0.0.1"])
def test_running_server_is_well_until_it_hangs(tmp_path: Path, told: str) -> None:
    """Where it listens is read off its command line."""
    command = f"-m fullstory_mcp serve --sandbox {told.format(free_port())}".split()
    with serving(tmp_path, environment(FULLSTORY_MCP_LOG_LEVEL="info"), *command) as served:
        process = str(served.process.pid)
        well = fullstory_mcp("health", "--process", process)
        served.process.send_signal(signal.SIGSTOP)
        ill = fullstory_mcp("health", "--process", process)
        served.process.send_signal(signal.SIGCONT)

    assert (well.returncode, well.stderr) == (0, "")
    assert (ill.returncode, ill.stderr) == (1, "")


def free_port() -> int:
    """A port that nobody listens on at the moment."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


@pytest.mark.parametrize("pretending", [("serve", "--port", "1")], indirect=True)
def test_server_that_does_not_answer_is_ill(pretending: int) -> None:
    """Nothing listens on the port that it was told."""
    assert fullstory_mcp("health", "--process", str(pretending)).returncode == 1


@pytest.mark.parametrize(
    "pretending", [("stdio",), ("migrate",), ("doctor", "--sandbox")], indirect=True
)
def test_what_serves_nothing_is_well(pretending: int) -> None:
    """A container for one client must not be restarted for having no port."""
    assert fullstory_mcp("health", "--process", str(pretending)).returncode == 0


def test_process_that_is_gone_is_none_of_its_business() -> None:
    """Where command lines cannot be read, nothing is said against the container."""
    assert fullstory_mcp("health", "--process", "4194304").returncode == 0
