"""People written to the sandbox: made, changed, found in pages, deleted."""

from collections.abc import Callable
from typing import Any

import httpx2 as httpx
import pytest

pytestmark = pytest.mark.anyio

PassTime = Callable[[float], None]


async def test_a_user_is_made_once_for_each_uid(admin: httpx.AsyncClient) -> None:
    """Creating is an upsert by uid that merges properties; without uid each call is new."""
    sent = {"uid": "new-1", "properties": {"plan": "a", "team": {"seats": 4}}}
    first = (await admin.post("/v2/users", json=sent)).json()
    again = {"uid": "new-1", "properties": {"team": {"name": "Falko"}}}
    second = (await admin.post("/v2/users", json=again)).json()
    got = await admin.get(f"/v2/users/{first['id']}", params={"include_schema": "true"})
    nameless = [(await admin.post("/v2/users", json={})).json()["id"] for _ in range(2)]

    assert first == second
    assert got.json()["properties"] == {"plan": "a", "team": {"seats": 4, "name": "Falko"}}
    assert got.json()["schema"] == {
        "properties": {"plan": "str", "team.seats": "int", "team.name": "str"}
    }
    assert len({first["id"], *nameless}) == 3


async def test_a_new_user_is_found_after_the_first_activity(admin: httpx.AsyncClient) -> None:
    """A created user is not searchable until something was done; its id works at once."""
    await admin.post("/v2/users", json={"uid": "new-2"})
    before = (await admin.get("/v2/users", params={"uid": "new-2"})).json()
    await admin.post("/v2/events", json={"name": "Hello", "user": {"uid": "new-2"}})
    after = (await admin.get("/v2/users", params={"uid": "new-2"})).json()

    assert (before["total_records"], after["total_records"]) == ("0", "1")


@pytest.mark.parametrize(
    "body",
    [
        {"uid": "x" * 257},
        {"display_name": "x" * 257},
        {"email": "x" * 129},
        {"uid": 5},
        {"properties": {"1st": 1}},
        {"properties": {"a-b": 1}},
        {"properties": {"a": {"b.c": 1}, "": 2}},
        {"properties": {"a": "x" * 8_193}},
        {"properties": {f"p{number}": 1 for number in range(501)}},
        {"schema": {"properties": {"a": "float"}}},
        {"plan": "gold"},
    ],
)
async def test_a_user_beyond_the_limits_is_a_400(
    body: dict[str, Any], standard: httpx.AsyncClient
) -> None:
    """Lengths, names, sizes and counts are held as documented."""
    answer = await standard.post("/v2/users", json=body)

    assert answer.status_code == 400
    assert answer.json()["code"] == "invalid_argument"


async def test_types_that_disagree_are_told(admin: httpx.AsyncClient) -> None:
    """A value that does not fit its declared type shows up as a conflict."""
    sent = {"uid": "n", "properties": {"age": "old"}, "schema": {"properties": {"age": "int"}}}
    made = (await admin.post("/v2/users", json=sent)).json()
    got = await admin.get(f"/v2/users/{made['id']}", params={"include_schema": "true"})

    assert got.json()["type_conflicts"] == {"age": "str"}


async def test_users_come_in_pages(architect: httpx.AsyncClient) -> None:
    """Tokens lead through everybody once; with other filters a token is refused."""
    query, ids = {"is_identified": "true"}, []
    while True:
        answer = (await architect.get("/v2/users", params=query)).json()
        ids += [row["id"] for row in answer["results"]]
        if not answer["next_page_token"]:
            break
        query["page_token"] = answer["next_page_token"]
    foreign = {"is_identified": "false", "page_token": query["page_token"]}

    assert len(ids) == len(set(ids)) == int(answer["total_records"]) == 160
    assert (await architect.get("/v2/users", params=foreign)).status_code == 400
    assert (await architect.get("/v2/users", params={"page_token": "??"})).status_code == 400


async def test_an_update_changes_only_what_is_given(admin: httpx.AsyncClient) -> None:
    """POST to a user keeps the rest, finds it under a new uid, and refuses a taken one."""
    listed = await admin.get("/v2/users", params={"uid": "cust-1042"})
    path = f"/v2/users/{listed.json()['results'][0]['id']}"
    await admin.post(path, json={"uid": "cust-x", "properties": {"plan": "none"}})
    found = (await admin.get("/v2/users", params={"uid": "cust-x"})).json()["results"][0]
    gone = await admin.get("/v2/sessions", params={"uid": "cust-1042"})
    taken = await admin.post(path, json={"uid": "cust-1011"})

    assert (found["display_name"], found["properties"]["plan"]) == ("Nora Quist", "none")
    assert "loyalty" in found["properties"]
    assert gone.json() == {"results": []}
    assert taken.status_code == 400


@pytest.mark.parametrize("by_uid", [True, False])
async def test_a_deletion_takes_its_time_and_all_sessions(
    by_uid: bool,
    admin: httpx.AsyncClient,
    pass_time: PassTime,
) -> None:
    """The person is marked first, listed as an operation, and gone when that is done."""
    listed = await admin.get("/v2/users", params={"uid": "cust-1042"})
    path = f"/v2/users/{listed.json()['results'][0]['id']}"
    answer = await admin.delete("/v2/users?uid=cust-1042" if by_uid else path)
    marked = (await admin.get(path)).json()["is_being_deleted"]
    pending = (await admin.get("/operations/v1?type=DELETE_USER")).json()["operations"]
    pass_time(3)
    after = [(await admin.get(path)).status_code, (await admin.delete(path)).status_code]
    done = (await admin.get("/operations/v1?state=COMPLETED")).json()["operations"]

    assert (answer.json(), marked) == ({}, True)
    assert [op["state"] for op in pending] == ["PENDING"]
    assert after == [404, 404]
    assert (await admin.get("/v2/sessions?uid=cust-1042")).json() == {"results": []}
    assert [op["id"] for op in done] == [op["id"] for op in pending]


async def test_a_deletion_names_somebody(architect: httpx.AsyncClient) -> None:
    """Without uid nothing is deleted, and an unknown one is told."""
    nobody = await architect.delete("/v2/users")
    unknown = await architect.delete("/v2/users?uid=nobody")

    assert (nobody.status_code, nobody.json()["code"]) == (400, "required_field")
    assert unknown.status_code == 404


async def test_a_streamed_user_appears_later(admin: httpx.AsyncClient, pass_time: PassTime) -> None:
    """The id of a streamed user is empty until it is processed."""
    made = (await admin.post("/v2/users/stream", json={"uid": "new-3"})).json()
    path = f"/v2/users/stream/{made['request_id']}"
    before = (await admin.get(path)).json()
    pass_time(3)
    after = (await admin.get(path)).json()

    assert before == {"id": ""}
    assert (await admin.get(f"/v2/users/{after['id']}")).json()["uid"] == "new-3"


async def test_a_standard_key_reads_the_few_facts_of_v1(standard: httpx.AsyncClient) -> None:
    """The old path tells name, mail and visits of a uid."""
    assert (await standard.get("/users/v1/individual/cust-1042")).json() == {
        "uid": "cust-1042",
        "displayName": "Nora Quist",
        "email": "nora.quist@example.com",
        "numSessions": 6,
        "firstSeen": "2026-11-02T09:15:20Z",
        "lastSeen": "2026-11-20T11:38:07Z",
    }
