"""Deleting in two steps, in both eras: who is asked, what executes, and what no forger gets."""

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import anyio
import httpx2 as httpx
import mcp.types as t
import pytest
from mcp import Client

from server.doors import LEGACY, MODERN, Api, Door, Served, http_client
from server.wire import FORMS, answer, asked

pytestmark = pytest.mark.anyio

YES = {"confirm": {"action": "accept", "content": {"confirm": True}}}
NO_SUCH_FORMS: list[dict[str, Any]] = [{}, {"elicitation": {"url": {}}}, {"sampling": {}}]
"""What clients declare that cannot show a form."""


@dataclass(frozen=True)
class Attacker:
    """A client that writes its own messages; `delete` is one call of delete_user."""

    http: httpx.AsyncClient
    api: Api

    async def call(
        self,
        name: str,
        arguments: dict[str, Any],
        capabilities: dict[str, Any] = FORMS,
        era: str = MODERN,
        **more: Any,
    ) -> dict[str, Any]:
        """A call's result; `more` are fields beside the arguments."""
        params = {"name": name, "arguments": arguments, **more}
        request = asked("tools/call", params, era, capabilities=capabilities)
        result: dict[str, Any] = answer((await self.http.post("/mcp", **request)).text)["result"]
        return result

    async def delete(
        self, uid: str, capabilities: dict[str, Any] = FORMS, era: str = MODERN, **more: Any
    ) -> dict[str, Any]:
        """A call of delete_user; a `confirmation` is an argument, `more` are fields beside them."""
        arguments = {"uid": uid}
        if "confirmation" in more:
            arguments["confirmation"] = more.pop("confirmation")
        return await self.call("delete_user", arguments, capabilities, era, **more)

    async def state(self, uid: str) -> str:
        """The sealed state of the question that a first call is answered with."""
        question = await self.delete(uid)
        assert question["resultType"] == "input_required"
        return str(question["requestState"])

    async def token(self, uid: str) -> str:
        """The token that a client without forms is told."""
        told = await self.delete(uid, capabilities={})
        return re.search(r'confirmation: "(\S+)"', told["content"][0]["text"])[1]

    def deleted(self) -> int:
        """How many deletions reached the API."""
        return self.api.asked().count("DELETE /v2/users")


@pytest.fixture
async def attacker(served: Served, api: Api) -> AsyncIterator[Attacker]:
    """An attacker of the shared HTTP door."""
    async with http_client(served) as http:
        yield Attacker(http, api)


@dataclass
class Person:
    """Whom a client asks; `says` is the answer to come, `heard` the questions so far."""

    says: t.ElicitResult
    heard: list[str]

    async def __call__(self, _context: Any, asked_for: t.ElicitRequestParams) -> t.ElicitResult:
        """Answers a question."""
        self.heard.append(asked_for.message)
        return self.says


async def test_a_person_is_asked_and_only_a_yes_deletes(door: Door, api: Api) -> None:
    """2026-07-28: the client shows a form. The older era has none here: its model gets a token."""
    yes = t.ElicitResult(action="accept", content={"confirm": True})
    noes = [
        t.ElicitResult(action="decline"),
        t.ElicitResult(action="cancel"),
        t.ElicitResult(action="accept", content={"confirm": False}),
    ]
    person = Person(yes, [])
    async with door.connected(elicitation_callback=person) as client:
        await client.call_tool("create_user", {"uid": "to-be-deleted"})
        for said in [*noes, yes]:
            person.says = said
            result = await client.call_tool("delete_user", {"uid": "to-be-deleted"})
            agreed = door.era == MODERN and said is yes
            assert api.asked().count("DELETE /v2/users") == agreed
            assert result.is_error == (door.era == MODERN and not agreed)

    assert len(person.heard) == (4 if door.era == MODERN else 0)
    assert all("to-be-deleted" in question for question in person.heard)


async def test_a_model_can_agree_by_the_token(client: Client, api: Api) -> None:
    """A client without forms repeats the call with what it was told, once."""
    await client.call_tool("create_user", {"uid": "by-token"})
    first = await client.call_tool("delete_user", {"uid": "by-token"})
    token = re.search(r'confirmation: "(\S+)"', first.content[0].text)[1]
    before = api.asked().count("DELETE /v2/users")
    second = await client.call_tool("delete_user", {"uid": "by-token", "confirmation": token})
    third = await client.call_tool("delete_user", {"uid": "by-token", "confirmation": token})

    assert (before, api.asked().count("DELETE /v2/users")) == (0, 1)
    assert (first.is_error, second.is_error, third.is_error) == (False, False, True)


@pytest.mark.parametrize("capabilities", NO_SUCH_FORMS, ids=str)
async def test_a_client_without_forms_gets_the_token(
    attacker: Attacker, capabilities: dict[str, Any]
) -> None:
    """It is never sent a question that it cannot show."""
    result = await attacker.delete("x", capabilities)

    assert result["resultType"] == "complete"
    assert "confirmation: " in result["content"][0]["text"]


async def test_the_older_era_never_gets_a_question(attacker: Attacker) -> None:
    """Whatever it declares: its wire has no such result."""
    result = await attacker.delete("x", FORMS, LEGACY, requestState="x", inputResponses=YES)

    assert "confirmation: " in result["content"][0]["text"]
    assert attacker.deleted() == 0


@pytest.mark.parametrize(
    "responses",
    [
        {},
        {"confirm": {"action": "accept"}},
        {"confirm": {"action": "accept", "content": {}}},
        {"confirm": {"action": "accept", "content": {"confirm": "true"}}},
        {"confirm": {"action": "accept", "content": {"confirm": 1}}},
        {"confirm": {"action": "decline", "content": {"confirm": True}}},
        {"confirm": {"action": "cancel", "content": {"confirm": True}}},
        {"another": YES["confirm"]},
    ],
    ids=str,
)
async def test_nothing_but_a_clear_yes_deletes(
    attacker: Attacker, responses: dict[str, Any]
) -> None:
    """And the state is used up by any answer, so that the next try must ask again."""
    state = await attacker.state("x")
    result = await attacker.delete("x", requestState=state, inputResponses=responses)
    again = await attacker.delete("x", requestState=state, inputResponses=YES)

    assert (result["isError"], again["isError"]) == (True, True)
    assert attacker.deleted() == 0


@pytest.mark.parametrize("how", ["made up", "cut", "bent", "empty"])
async def test_a_forged_state_never_deletes(attacker: Attacker, how: str) -> None:
    """Sealed means: what was not issued here does not open."""
    state = await attacker.state("x")
    middle = len(state) // 2
    swapped = "A" if state[middle] != "A" else "B"
    forged = {
        "made up": "eyJjb25maXJtIjogdHJ1ZX0",
        "cut": state[:-4],
        "bent": f"{state[:middle]}{swapped}{state[middle + 1 :]}",
        "empty": "",
    }[how]
    result = await attacker.delete("x", requestState=forged, inputResponses=YES)

    assert result["isError"]
    assert attacker.deleted() == 0


async def test_a_yes_without_a_question_never_deletes(attacker: Attacker) -> None:
    """An answer alone is no proof that anybody was asked."""
    result = await attacker.delete("x", inputResponses=YES)

    assert result["resultType"] == "input_required"
    assert attacker.deleted() == 0


async def test_a_state_holds_for_its_own_arguments_and_tool(attacker: Attacker) -> None:
    """A yes to one deletion is no yes to another."""
    state = await attacker.state("x")
    other = await attacker.delete("y", requestState=state, inputResponses=YES)
    question = await attacker.call("delete_webhook_endpoint", {"id": "x"})
    state = question["requestState"]
    elsewhere = await attacker.call(
        "delete_summary_profile", {"id": "x"}, requestState=state, inputResponses=YES
    )

    assert (other["isError"], elsewhere["isError"]) == (True, True)
    assert [row for row in attacker.api.asked() if row.startswith("DELETE")] == []


async def test_a_state_deletes_once(attacker: Attacker) -> None:
    """Replayed later or at the same moment, it does nothing more."""
    state = await attacker.state("x")
    results: list[dict[str, Any]] = []

    async def agree() -> None:
        results.append(await attacker.delete("x", requestState=state, inputResponses=YES))

    async with anyio.create_task_group() as group:
        for _ in range(5):
            group.start_soon(agree)
    await agree()

    assert attacker.deleted() == 1
    assert sum("it was used before" in row["content"][0]["text"] for row in results) == 5


async def test_a_state_is_no_token_and_a_token_no_state(attacker: Attacker) -> None:
    """Otherwise a model could answer for the person, or a client's state be read out to a model."""
    state, token = await attacker.state("x"), await attacker.token("x")
    as_token = await attacker.delete("x", confirmation=state)
    as_state = await attacker.delete("x", requestState=token, inputResponses=YES)

    assert (as_token["isError"], as_state["isError"]) == (True, True)
    assert attacker.deleted() == 0


@pytest.mark.parametrize("capabilities", NO_SUCH_FORMS, ids=str)
async def test_a_client_that_cannot_ask_cannot_bring_an_answer(
    attacker: Attacker, capabilities: dict[str, Any]
) -> None:
    """A state with a yes counts only from a client that declares that it asks people."""
    state = await attacker.state("x")
    result = await attacker.delete("x", capabilities, requestState=state, inputResponses=YES)

    assert "confirmation: " in result["content"][0]["text"]
    assert attacker.deleted() == 0
