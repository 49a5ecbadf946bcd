"""No key, and no piece of one, leaves through a result, an error or the log, whatever raises it."""

import json
from pathlib import Path

import pytest

from server.doors import LEGACY, MODERN, environment, http_client, piped, serving
from server.wire import answer, asked, message, opening

pytestmark = pytest.mark.anyio

PROGRAM = str(Path(__file__).with_name("odd_server.py"))
KEY = "na1.Zx81QwPlover77Kx-grackle-Vault42-Ostrich"
PIECE = 8

SETTINGS = environment(FULLSTORY_API_KEY=KEY, FULLSTORY_MCP_LOG_LEVEL="debug")

CALLS = {
    "refused connection": ("get_quotas", {}),
    "broken body": ("get_user", {"id": "1"}),
    "a write": ("create_user", {"uid": "x"}),
}


def pieces(text: str) -> set[str]:
    """Every run of the key's secret, eight characters long, that `text` repeats."""
    secret = KEY.partition(".")[2]
    runs = {secret[at : at + PIECE] for at in range(len(secret) - PIECE + 1)}
    return {run for run in runs if run in text}


def test_the_search_for_pieces_finds_one() -> None:
    """Otherwise the other tests here would prove nothing."""
    assert pieces(f"…{KEY[10:19]}…") == {KEY[10:18], KEY[11:19]}


@pytest.mark.parametrize("era", [MODERN, LEGACY])
def test_stdio_keeps_the_key_to_itself(era: str) -> None:
    """Exceptions that carry it are told in general words; the log names the place alone."""
    lines = [json.dumps(message("tools/list", era=era, number="level"))]
    lines += [
        json.dumps(message("tools/call", {"name": name, "arguments": arguments}, era, number))
        for number, (name, arguments) in CALLS.items()
    ]
    if era == LEGACY:
        lines = [*opening(), *lines]

    ended = piped(lines, SETTINGS, PROGRAM, "stdio", "raise")

    log = ended.stderr.decode()
    answers = {row["id"]: row for row in map(json.loads, ended.stdout.decode().splitlines())}
    assert pieces(ended.stdout.decode()) == pieces(log) == set()
    assert {answers[number]["error"]["code"] for number in ("level", *CALLS)} == {-32603}
    assert "odd_server.py" in log
    assert "RuntimeError (its text is not logged)" in log
    assert "fullstory-mcp ended unexpectedly" in log


async def test_http_keeps_the_key_to_itself(tmp_path: Path) -> None:
    """The same over HTTP, in both eras, and for the question whether it is ready."""
    heard: list[str] = []
    codes: set[int] = set()
    with serving(tmp_path, SETTINGS, PROGRAM, "http", "raise") as served:
        async with http_client(served) as http:
            ready = await http.get("/readyz")
            for era in (MODERN, LEGACY):
                for name, arguments in CALLS.values():
                    params = {"name": name, "arguments": arguments}
                    response = await http.post("/mcp", **asked("tools/call", params, era))
                    heard.append(f"{response.headers}{response.text}")
                    codes.add(answer(response.text)["error"]["code"])
        served.process.terminate()
        served.process.wait()

    log = served.log()
    assert pieces("".join([*heard, ready.text])) == pieces(log) == set()
    assert codes == {-32603}
    assert ready.status_code == 503
    assert "RuntimeError (its text is not logged)" in log
    assert "fullstory-mcp ended unexpectedly" in log
