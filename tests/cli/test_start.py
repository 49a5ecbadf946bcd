"""A fault at the start is one sentence on stderr and a non-zero exit, never a traceback."""

import os
import shutil
import socket
import subprocess
from pathlib import Path

import pytest

from checkout import ROOT
from command import COMMAND, environment, fullstory_mcp

KEY = "na1.c2VjcmV0LXNlY3JldC1zZWNyZXQ"

BAD_SETTINGS = {
    "no key": ({}, "No Fullstory API key"),
    "a key with a space": ({"FULLSTORY_API_KEY": "na1.two words"}, "FULLSTORY_API_KEY"),
    "a key file that is not there": (
        {"FULLSTORY_API_KEY_FILE": "nowhere/key"},
        "FULLSTORY_API_KEY_FILE cannot be read: No such file",
    ),
    "a key file that is a folder": ({"FULLSTORY_API_KEY_FILE": "."}, "Is a directory"),
    "two keys": ({"FULLSTORY_API_KEY": KEY, "FULLSTORY_API_KEY_FILE": "key"}, "keep one"),
    "an address without TLS": ({"FULLSTORY_API_URL": "http://example.com"}, "must be https"),
    "an unknown level": ({"FULLSTORY_KEY_LEVEL": "owner"}, "FULLSTORY_KEY_LEVEL"),
    "an unknown area": (
        {"FULLSTORY_API_KEY": KEY, "FULLSTORY_MCP_TOOLSETS": "everything"},
        "everything is not an area",
    ),
    "a sealing key that is too short": ({"FULLSTORY_MCP_SECRET_KEYS": "c2hvcnQ="}, "32 bytes"),
}


def assert_one_sentence(run: subprocess.CompletedProcess[str], expected: str) -> None:
    """The fault is told in a line on stderr, and stdout stays clean for the protocol."""
    assert (run.returncode, run.stdout) == (1, "")
    assert run.stderr.startswith("fullstory-mcp: ")
    assert run.stderr.endswith(".\n")
    assert run.stderr.count("\n") == 1, run.stderr
    assert expected in run.stderr


@pytest.mark.parametrize("fault", BAD_SETTINGS)
def test_bad_setting_is_told_in_one_sentence(fault: str) -> None:
    """Whoever starts the server learns which setting is wrong and why; its value is not repeated."""
    settings, expected = BAD_SETTINGS[fault]
    run = fullstory_mcp("stdio", **settings)

    assert_one_sentence(run, expected)
    assert KEY.partition(".")[2] not in run.stderr


@pytest.mark.parametrize("command", ["serve", "tools"])
def test_every_command_tells_a_bad_setting_the_same_way(command: str) -> None:
    """The other commands that read settings end as stdio does."""
    run = fullstory_mcp(command, FULLSTORY_API_KEY=KEY, FULLSTORY_MCP_READ_ONLY="perhaps")

    assert_one_sentence(run, "FULLSTORY_MCP_READ_ONLY")


@pytest.mark.parametrize("host", ["0.0.0.0", "mcp.example.com"])  # noqa: S104 - it is refused
def test_serving_beyond_this_machine_is_refused_with_the_reason(host: str) -> None:
    """Without OAuth whoever reaches the server acts with its key, so it stays on loopback."""
    run = fullstory_mcp("serve", "--sandbox", "--host", host)

    assert_one_sentence(
        run, "without the OAuth front door this server binds to a loopback address only"
    )


@pytest.mark.parametrize("command", [("serve", "--sandbox"), ("sandbox",)])
def test_port_in_use_is_told_in_one_sentence(command: tuple[str, ...]) -> None:
    """A second server on the same port says so, and how to choose another."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        run = fullstory_mcp(*command, "--port", str(port))

    assert_one_sentence(run, f"--port {port}: cannot listen on 127.0.0.1: address already in use")


@pytest.mark.parametrize("command", [("stdio", "--sandbox"), ("serve", "--sandbox"), ("tools",)])
def test_broken_catalogue_file_is_named(tmp_path: Path, command: tuple[str, ...]) -> None:
    """An installation whose catalogue was damaged names the file."""
    package = shutil.copytree(ROOT / "src" / "fullstory_mcp", tmp_path / "fullstory_mcp")
    shutil.copytree(ROOT / "tool_schemas", package / "tool_schemas")
    (package / "tool_schemas" / "fullstory" / "users" / "get_user.json").write_text("{")

    run = fullstory_mcp(*command, PYTHONPATH=str(tmp_path))

    assert_one_sentence(run, "The catalogue file fullstory/users/get_user.json cannot be read")


def test_stdio_is_the_default_command() -> None:
    """Clients may be given the bare command, with or without an option of stdio's."""
    ends = [fullstory_mcp("--sandbox"), fullstory_mcp("stdio", "--sandbox")]

    assert [(end.returncode, end.stdout, end.stderr) for end in ends] == [(0, "", "")] * 2


def test_person_who_starts_it_by_hand_is_told_what_it_waits_for() -> None:
    """In a terminal the silence of stdio would look like a fault."""
    controller, terminal = os.openpty()
    with subprocess.Popen(
        [*COMMAND, "--sandbox"],
        stdin=terminal,
        stderr=subprocess.PIPE,
        env=environment(),
        text=True,
    ) as process:
        assert process.stderr is not None
        said = process.stderr.readline()
        process.terminate()
        process.stderr.close()
    os.close(controller)
    os.close(terminal)

    assert "waiting for an MCP client on stdin; `fullstory-mcp demo` shows one" in said


def test_sandbox_never_sees_a_real_key() -> None:
    """With --sandbox a key in the environment, even an unusable one, is left alone."""
    run = fullstory_mcp("doctor", "--sandbox", FULLSTORY_API_KEY=f"{KEY} ")

    assert run.returncode == 0, run.stdout
    assert "na1" in run.stdout


def test_environment_of_these_tests_is_their_own() -> None:
    """A developer's settings and proxies do not reach the commands under test."""
    names = environment(FULLSTORY_KEY_LEVEL="admin")

    assert [name for name in names if name.startswith("FULLSTORY_")] == ["FULLSTORY_KEY_LEVEL"]
