"""A killed process never leaves a write that Fullstory was sent without its record."""

import json
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import Any

from audit import killing
from audit.logs import faults, raw_of, records
from command import environment, sandbox

KILLS = 100
WRITES = 8
"""Of each process: together fewer than the sandbox remembers."""

SLOW = {"path": "/v2/users", "delay": 0.12, "times": 1_000_000}


def _asked(url: str, body: Any = None) -> Any:
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"Content-Type": "application/json"})  # noqa: S310 - our own
    with urllib.request.urlopen(request) as answer:  # noqa: S310
        return json.load(answer)


def until_listening(url: str) -> None:
    """Waits for a server that said where it will listen just before it does."""
    host, port = url.removeprefix("http://").split(":")
    for _ in range(10_000):
        with socket.socket() as tried:
            if tried.connect_ex((host, int(port))) == 0:
                return
    raise AssertionError(url)


def test_every_write_that_was_sent_is_in_the_log_whenever_the_process_is_killed(
    tmp_path: Path,
) -> None:
    """A hundred kills in the middle of calls; the log is whole after each."""
    path = tmp_path / "audit.jsonl"
    with sandbox() as url:
        until_listening(url)
        _asked(f"{url}/sandbox/faults", SLOW)
        given = environment(
            FULLSTORY_API_KEY="na1.sandbox-admin",
            FULLSTORY_API_URL=url,
            FULLSTORY_EXPORT_URL=url,
            FULLSTORY_KEY_LEVEL="admin",
            FULLSTORY_MCP_AUDIT_FILE=str(path),
        )
        script = [sys.executable, killing.__file__, str(KILLS), str(WRITES)]
        subprocess.run(script, env=given, check=True, timeout=120)
        requests = _asked(f"{url}/sandbox/requests")["requests"]

    rows = records(raw_of(path))
    sent = {json.loads(row["body"])["uid"] for row in requests if row["method"] == "POST"}
    decided = {row["targets"]["uid"][0]: row["call"] for row in rows if row["kind"] == "decided"}
    ended = {row["call"] for row in rows if row["kind"] == "ended"}
    interrupted = {uid for uid in sent if decided.get(uid) not in ended}

    assert sent - decided.keys() == set()
    assert faults(raw_of(path)) == []
    # They were killed in the middle, and not all before or after.
    assert len(sent) > KILLS
    assert len({uid.split("-")[1] for uid in interrupted}) > KILLS / 3
