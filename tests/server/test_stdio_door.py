"""The stdio door with a shell, a file or a careless client on the other end."""

import fcntl
import json
import struct
import subprocess
import sys
import termios
import time
from pathlib import Path

import pytest

from fullstory_mcp.sandbox import Fault
from server.doors import LEGACY, MODERN, PROGRAM, STARTS_IN, Api, environment, piped
from server.wire import ByHand, message, opening

ODD = str(Path(__file__).with_name("odd_server.py"))
SANDBOX = (*PROGRAM, "stdio", "--sandbox")
MEGABYTE = 2**20
PIPE_HOLDS = 60_000
"""Bytes at which a pipe counts as full; it takes 65,536, in pages."""


def conversation(era: str, *more: str) -> list[str]:
    """A client's lines: the handshake where the era has one, then `more`."""
    return [*(opening() if era == LEGACY else []), *more]


def call(name: str, arguments: dict, era: str = LEGACY, number: int | str = 1) -> str:
    """A line that calls a tool."""
    params = {"name": name, "arguments": arguments}
    return json.dumps(message("tools/call", params, era, number))


def rows(ended: subprocess.CompletedProcess[bytes]) -> dict:
    """What came over stdout, by id; every line must be a JSON-RPC message."""
    parsed = [json.loads(line) for line in ended.stdout.splitlines()]
    assert all(row["jsonrpc"] == "2.0" for row in parsed)
    return {row.get("id"): row for row in parsed}


@pytest.mark.parametrize("era", [MODERN, LEGACY])
def test_requests_in_flight_are_answered_when_stdin_ends(api: Api, era: str) -> None:
    """`printf … | fullstory-mcp` shows every answer, however slow, and ends well."""
    api.sandbox.faults.add(Fault(path="/v2/organization/quotas", delay=0.4))
    calls = [call("get_quotas", {}, era, number) for number in range(5)]
    listing = json.dumps(message("tools/list", era=era, number="list"))

    ended = piped(conversation(era, *calls, listing), environment(api))

    assert ended.returncode == 0
    answered = [name for name, row in rows(ended).items() if "result" in row]
    assert {*range(5), "list"} <= set(answered)
    assert b"ERROR" not in ended.stderr


def test_files_do_for_pipes(tmp_path: Path) -> None:
    """A transcript in a file goes in, the answers go to a file."""
    given, gotten = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    given.write_text(
        "\n".join(conversation(LEGACY, call("get_quotas", {})))
    )  # no line end at its end

    with given.open("rb") as stdin, gotten.open("wb") as stdout:
        ended = subprocess.run(
            [sys.executable, *SANDBOX],
            stdin=stdin,
            stdout=stdout,
            env=environment(),
            timeout=STARTS_IN,
            check=False,
        )

    answers = [json.loads(line)["id"] for line in gotten.read_text().splitlines()]
    assert (ended.returncode, answers) == (0, ["hello", 1])


def test_no_stdin_at_all_ends_at_once() -> None:
    """A service manager gives /dev/null: nobody will ever ask, so nothing is waited for."""
    ended = subprocess.run(
        [sys.executable, *SANDBOX],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        env=environment(),
        timeout=STARTS_IN,
        check=False,
    )

    assert (ended.returncode, ended.stdout) == (0, b"")


def test_a_line_that_is_no_message_is_answered_and_survived() -> None:
    """JSON-RPC's own errors, without an id and without an echo; the next line is served."""
    lines = ["not json: hunter2", '{"jsonrpc": "2.0", "id": 9}', "[]", "", "\x00"]

    ended = piped([*lines, *conversation(LEGACY, call("get_quotas", {}))], environment(), *SANDBOX)

    refused = [json.loads(line) for line in ended.stdout.splitlines() if b'"id":null' in line]
    assert [row["error"]["code"] for row in refused] == [-32700, -32600, -32600, -32700]
    assert "result" in rows(ended)[1]
    assert b"hunter2" not in ended.stdout


def test_a_line_of_sixty_megabytes_is_read_and_a_longer_one_is_refused(tmp_path: Path) -> None:
    """A full batch fits in a line; what is too long costs its own answer, not the server."""
    within = call("get_user", {"id": "x" * (60 * MEGABYTE)}, number="within")
    beyond = f'{{"id": "{"x" * (65 * MEGABYTE)}"}}'
    with ByHand(tmp_path, environment(), *SANDBOX) as client:
        client.ask(opening()[0])
        read = client.ask(within)
        client.say(beyond)
        refused = json.loads(client.process.stdout.readline())
        after = client.ask(call("get_quotas", {}, number="after"))

    assert read["result"]["isError"]
    assert (refused["id"], refused["error"]["code"]) == (None, -32700)
    assert not after["result"]["isError"]


def test_nothing_but_messages_reaches_stdout() -> None:
    """A print or a write of a library's goes to stderr, with the log."""
    env = environment(FULLSTORY_API_KEY="na1.any-key-will-do")

    ended = piped(conversation(LEGACY, call("get_quotas", {})), env, ODD, "stdio", "print")

    assert "result" in rows(ended)[1]
    assert b"a stray print" in ended.stderr
    assert b"a stray write" in ended.stderr
    assert b"get_quotas answered" in ended.stderr


def test_a_slow_reader_gets_everything(tmp_path: Path) -> None:
    """Answers wait for a client that reads late; what the pipe cannot hold is not lost at the end."""
    listings = [json.dumps(message("tools/list", era=LEGACY, number=n)) for n in range(3)]
    with ByHand(tmp_path, environment(), *SANDBOX) as client:
        client.say(*conversation(LEGACY, *listings))
        client.process.stdin.close()
        while _waiting(client.process.stdout.fileno()) < PIPE_HOLDS:
            time.sleep(0.02)
        with pytest.raises(subprocess.TimeoutExpired):
            client.process.wait(0.5)
        lines = client.process.stdout.readlines()

    assert {json.loads(line)["id"] for line in lines} == {"hello", *range(3)}


def _waiting(descriptor: int) -> int:
    """How many bytes a pipe holds."""
    return struct.unpack("i", fcntl.ioctl(descriptor, termios.FIONREAD, bytes(4)))[0]


def test_two_requests_with_the_same_id_are_both_answered(api: Api) -> None:
    """A careless client does not hang."""
    api.sandbox.faults.add(Fault(path="/v2/organization/quotas", delay=0.2))
    lines = [call("get_quotas", {}, number=7), call("get_user", {"id": "9"}, number=7)]

    ended = piped(conversation(LEGACY, *lines), environment(api))

    assert sum(b'"id":7' in line for line in ended.stdout.splitlines()) == 2


def test_a_cancelled_request_does_not_keep_the_server(api: Api) -> None:
    """It is never answered, so nobody waits for its answer when stdin ends."""
    api.sandbox.faults.add(Fault(path="/v2/organization/quotas", delay=30))
    cancel = {
        "jsonrpc": "2.0",
        "method": "notifications/cancelled",
        "params": {"requestId": 1},
    }

    ended = piped(
        conversation(LEGACY, call("get_quotas", {}), json.dumps(cancel)), environment(api)
    )

    assert ended.returncode == 0
    assert 1 not in rows(ended)


def test_an_open_subscription_does_not_keep_the_server() -> None:
    """It is ended in the protocol's way, with its result, when stdin ends."""
    wanted = {"notifications": {"toolsListChanged": True}}
    listen = json.dumps(message("subscriptions/listen", wanted, number="ear"))

    ended = piped([listen], environment(), *SANDBOX)

    assert ended.returncode == 0
    assert rows(ended)["ear"]["result"]["resultType"] == "complete"


def test_a_client_that_hangs_up_ends_the_server_quietly(api: Api, tmp_path: Path) -> None:
    """No traceback, no lasting process."""
    api.sandbox.faults.add(Fault(path="/v2/organization/quotas", delay=0.5))
    with ByHand(tmp_path, environment(api)) as client:
        client.ask(*opening()[:1])
        client.say(opening()[1], call("get_quotas", {}))
        client.process.stdout.close()
        client.process.stdin.close()
        code = client.process.wait(STARTS_IN)

    assert code == 0
    assert "Traceback" not in client.log()
    assert "ERROR" not in client.log()


def test_a_signal_to_stop_closes_what_was_opened(api: Api, tmp_path: Path) -> None:
    """A write in flight is finished, and no exported row stays on the disk."""
    api.sandbox.faults.add(Fault(method="POST", path="/v2/users$", delay=0.6, times=1))
    disk = tmp_path / "disk"
    disk.mkdir()
    with ByHand(tmp_path, environment(api, TMPDIR=str(disk))) as client:
        client.ask(*opening()[:1])
        client.say(opening()[1])
        listed = client.ask(call("list_event_exports", {"start": 0}, number=1))
        export = listed["result"]["structuredContent"]["exports"][0]["Id"]
        client.ask(call("get_event_export", {"id": export}, number=2))
        held = list(disk.rglob("*.ndjson"))
        client.say(call("create_user", {"uid": "at-the-end"}, number=3))
        while "POST /v2/users" not in api.asked():
            time.sleep(0.02)
        client.process.terminate()
        code = client.process.wait(STARTS_IN)

    assert (code, len(held), list(disk.iterdir())) == (0, 1, [])
    assert "create_user answered" in client.log()
