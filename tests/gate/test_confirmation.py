"""Deleting takes two calls, in text: the first says what would vanish, the second carries its token."""

from typing import Any

import anyio
import pytest

from fullstory_mcp.catalogue import load_catalogue
from fullstory_mcp.sandbox import Fault, create_app
from snapshotting import Snapshots
from support import ERAS, Connected, confirmation_in, connected

pytestmark = pytest.mark.anyio

HOOK = "aHR0cHM6Ly9ob29rcy5leGFtcGxlLmNvbS9mdWxsc3Rvcnk="
PROFILE = "7d1f0a52-0000-4000-8000-00000000c0de"

DELETIONS: dict[str, tuple[dict[str, Any], str]] = {
    "delete_user": ({"uid": "cust-1042"}, "DELETE /v2/users"),
    "delete_summary_profile": ({"id": PROFILE}, f"DELETE /v2/visit_profile/{PROFILE}"),
    "delete_webhook_endpoint": (
        {"id": HOOK},
        f"DELETE /webhooks/v1/endpoints/{HOOK.replace('=', '%3D')}",
    ),
}
NEW_ONE = " Call the tool again without `confirmation` for a new one."
NO_TOKEN = (
    "Nothing was changed: the confirmation does not hold, it is not a confirmation of this tool and "
    f"key.{NEW_ONE}"
)
OTHER = (
    f"Nothing was changed: the confirmation does not hold, it confirms other arguments.{NEW_ONE}"
)
EXPIRED = f"Nothing was changed: the confirmation does not hold, it has expired.{NEW_ONE}"
USED = f"Nothing was changed: the confirmation does not hold, it was used before.{NEW_ONE}"

each_deletion = pytest.mark.parametrize("tool", DELETIONS)


async def token_for(server: Connected, tool: str, **arguments: Any) -> str:
    """The token that a first, unconfirmed call states."""
    token = confirmation_in(await server.call(tool, **arguments))
    assert token
    return token


def test_every_deleting_tool_is_among_those_tested() -> None:
    """A new tool that deletes must be confirmed too, and tested here."""
    tools = load_catalogue().tools.values()

    assert {tool.name for tool in tools if tool.gate.effect == "delete"} == set(DELETIONS)


@pytest.mark.parametrize("mode", ERAS)
@each_deletion
async def test_first_call_sends_nothing_and_the_confirmed_one_deletes_once(
    tool: str, mode: str
) -> None:
    """Asked, then done: one DELETE in all, in both eras."""
    arguments, request = DELETIONS[tool]
    async with connected(mode=mode) as server:
        asked = await server.call(tool, **arguments)
        assert server.changes() == []
        done = await server.call(tool, **arguments, confirmation=confirmation_in(asked))
        assert server.changes() == [request]

    assert not asked.is_error
    assert asked.structured_content is None
    assert done.structured_content == {"done": load_catalogue().tools[tool].shape.done}


async def test_what_would_vanish_is_said_in_the_reviewed_words(snapshots: Snapshots) -> None:
    """The first answer names what goes, that nothing has happened, and how to go on."""
    said = []
    for tool, (arguments, _) in DELETIONS.items():
        async with connected() as server:
            text = await server.text(tool, **arguments)
        token = text.partition('confirmation: "')[2].removesuffix('"')
        said.append(f"{tool}\n{text.replace(token, '(token)')}\n")

    snapshots.check("confirmations.txt", "\n".join(said))


@each_deletion
async def test_token_works_once(tool: str) -> None:
    """A second use of the same token is refused, though nothing else has changed."""
    arguments, request = DELETIONS[tool]
    async with connected() as server:
        token = await token_for(server, tool, **arguments)
        await server.call(tool, **arguments, confirmation=token)
        again = await server.error(tool, **arguments, confirmation=token)

        assert server.changes() == [request]
    assert again == USED


@each_deletion
async def test_token_of_a_failed_deletion_is_used_up(tool: str) -> None:
    """Whether it failed or only seemed to, repeating it is confirmed anew."""
    arguments, _ = DELETIONS[tool]
    async with connected() as server:
        token = await token_for(server, tool, **arguments)
        server.sandbox.faults.add(Fault(method="DELETE", status=500, times=1))
        failed = await server.error(tool, **arguments, confirmation=token)
        again = await server.error(tool, **arguments, confirmation=token)

        assert len(server.changes()) == 1
    assert "It may have taken effect all the same" in failed
    assert again == USED


@pytest.mark.parametrize(
    ("seconds", "holds"), [(0, True), (599, True), (601, False), (86_400, False)]
)
async def test_token_holds_ten_minutes(seconds: float, *, holds: bool) -> None:
    """Long enough for a person to be asked, too short to be found later."""
    async with connected() as server:
        token = await token_for(server, "delete_user", uid="cust-1042")
        server.clock.time += seconds
        result = await server.call("delete_user", uid="cust-1042", confirmation=token)
        sent = server.changes()

    assert len(sent) == holds
    assert holds or result.content[0].text == EXPIRED


@pytest.mark.parametrize(
    ("tool", "arguments", "said"),
    [
        ("delete_user", {"uid": "cust-1043"}, OTHER),
        ("delete_user", {"id": "cust-1042"}, OTHER),
        ("delete_user", {"uid": "cust-1042 "}, OTHER),
        ("delete_summary_profile", {"id": "cust-1042"}, NO_TOKEN),
        ("delete_webhook_endpoint", {"id": "cust-1042"}, NO_TOKEN),
    ],
)
async def test_token_confirms_its_own_call_and_no_other(
    tool: str, arguments: dict[str, Any], said: str
) -> None:
    """Bound to the tool and to exactly these arguments; a refusal does not use it up."""
    async with connected() as server:
        token = await token_for(server, "delete_user", uid="cust-1042")
        text = await server.error(tool, **arguments, confirmation=token)
        assert server.changes() == []
        await server.data("delete_user", uid="cust-1042", confirmation=token)

    assert text == said


@pytest.mark.parametrize(
    "token", ["yes", "true", "confirm", "null", "A" * 100, "ä", " ", "../..", "x" * 2049]
)
@each_deletion
async def test_made_up_token_deletes_nothing(tool: str, token: str) -> None:
    """What a model invents is no confirmation."""
    arguments, _ = DELETIONS[tool]
    async with connected() as server:
        await server.error(tool, **arguments, confirmation=token)

        assert server.changes() == []


@pytest.mark.parametrize("token", [True, 1, {"confirm": True}, None, ["yes"]])
async def test_token_that_is_no_text_is_a_faulty_argument(token: object) -> None:
    """`confirmation: true` does not confirm."""
    async with connected() as server:
        text = await server.error("delete_user", uid="cust-1042", confirmation=token)
        sent = server.changes()

    assert text == ("Nothing was sent: 1 argument is not usable.\n- confirmation: must be a string")
    assert sent == []


async def test_empty_token_asks_again() -> None:
    """An empty argument counts as none given."""
    async with connected() as server:
        asked = await server.call("delete_user", uid="cust-1042", confirmation="")

        assert server.changes() == []
    assert confirmation_in(asked)


async def test_token_altered_anywhere_is_refused() -> None:
    """Not a character of it can be changed, added or taken away."""
    async with connected() as server:
        token = await token_for(server, "delete_user", uid="cust-1042")
        changed = [
            f"{token[:at]}{'A' if token[at] != 'A' else 'B'}{token[at + 1 :]}"
            for at in range(len(token))
        ]
        last = [f"{token[:-1]}{letter}" for letter in "AQgw0123-_Bz" if letter != token[-1]]
        shapes = [
            token[:-1],
            token[1:],
            f"{token}=",
            f"{token}\n",
            f" {token}",
            f"{token}!",
            token * 2,
        ]
        for altered in (*changed, *last, *shapes):
            text = await server.error("delete_user", uid="cust-1042", confirmation=altered)
            assert text == NO_TOKEN
        assert server.changes() == []
        await server.data("delete_user", uid="cust-1042", confirmation=token)


async def test_of_two_calls_at_once_with_one_token_one_wins() -> None:
    """A race deletes once; the loser is told that the token was used."""
    async with connected() as server:
        server.sandbox.faults.add(Fault(method="DELETE", delay=0.02))
        token = await token_for(server, "delete_user", uid="cust-1042")
        texts: list[str] = []

        async def race() -> None:
            texts.append(await server.text("delete_user", uid="cust-1042", confirmation=token))

        async with anyio.create_task_group() as racers:
            for _ in range(5):
                racers.start_soon(race)

        assert server.changes() == ["DELETE /v2/users"]
    assert sorted(text == USED for text in texts) == [False, True, True, True, True]


async def test_faulty_arguments_are_told_before_anything_is_asked() -> None:
    """No token is given for a call that could not be made."""
    async with connected() as server:
        text = await server.error("delete_user", id="1", uid="2")

    assert text.startswith("Nothing was sent: 1 argument is not usable.\n- id or uid: exactly one")


async def test_gate_comes_before_the_confirmation() -> None:
    """A token got with one level is worth nothing once the tool is not permitted."""
    app = create_app()
    ring = {"FULLSTORY_MCP_SECRET_KEYS": "A" * 43}
    async with connected("architect", app=app, **ring) as server:
        token = await token_for(server, "delete_user", uid="cust-1042")
    async with connected("architect", app=app, **ring, FULLSTORY_MCP_READ_ONLY="true") as server:
        text = await server.error("delete_user", uid="cust-1042", confirmation=token)

        assert server.changes() == []
    assert text.startswith("delete_user is not permitted: this server is read-only")


async def test_long_webhook_id_can_be_deleted_too() -> None:
    """The token fits its argument, however long the id that it confirms."""
    long_id = "aHR0" * 1000
    async with connected() as server:
        token = await token_for(server, "delete_webhook_endpoint", id=long_id)
        text = await server.error("delete_webhook_endpoint", id=long_id, confirmation=token)

        assert len(server.changes()) == 1
    assert text.startswith("Fullstory knows no such thing (404)")
