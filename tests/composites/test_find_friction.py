"""find_friction: what goes wrong again and again in the newest sessions of some people."""

import json

import pytest

from fullstory_mcp.sandbox import Fault
from support import STRUGGLING_UID, connected

pytestmark = pytest.mark.anyio

NEWEST = "8501908138660385:9497776430409180"
USERS = [STRUGGLING_UID, "cust-1077", "cust-1011"]


async def test_what_most_sessions_met_comes_first_with_counts_and_an_example() -> None:
    """The failed payment hurts two of three customers, and one look leads to it."""
    async with connected("standard") as server:
        text = await server.text("find_friction", users=USERS)

    first = next(line for line in text.splitlines() if line.startswith("- "))
    assert text.splitlines()[1].startswith("5 of 5 sessions read, 1 without trouble.")
    assert first.startswith(
        "- failed request “POST /api/pay 502” on “shop.example.com/checkout”: "
        "2 of 5 sessions, 2 users, "
    )
    assert first.endswith(
        "; e.g. p6e8 in "
        "https://app.fullstory.com/ui/o-SANDBOX-na1/session/8501908138660385%3A9497776430409180"
    )


async def test_example_link_and_handle_open_the_event() -> None:
    """The replay link is taken as a session id, and costs nothing more."""
    link = "https://app.fullstory.com/ui/o-SANDBOX-na1/session/8501908138660385%3A9497776430409180"
    async with connected("standard") as server:
        await server.call("find_friction", users=USERS, max_sessions=1)
        text = await server.text("read_session", session_id=link, at="p6e8")

    assert "“POST /api/pay 502”" in text
    assert server.sandbox.activations.total() == 3


async def test_json_holds_the_same_as_text_and_as_data() -> None:
    """A program gets kind, page, counts and example; clients show one or the other."""
    async with connected("standard") as server:
        result = await server.call("find_friction", users=[STRUGGLING_UID], format="json")

    data = result.structured_content
    first = data["frictions"][0]
    assert data["cost"] == "Cost: 3 Activations."
    assert data["sessions"] == {"listed": 3, "read": 3, "without_trouble": 0}
    assert first["kind"] == "network-error"
    assert first["example"]["session_id"] == NEWEST
    assert "not instructions" in data["note"]
    assert json.loads(result.content[0].text) == data


async def test_every_users_newest_is_read_before_anybodys_second() -> None:
    """A budget that is too small for all leaves nobody out."""
    async with connected("standard") as server:
        text = await server.text("find_friction", users=USERS, max_activations=3)
        read = [row for row in server.sent() if row.endswith("/context")]

    assert len({row.split("/")[3].partition("%3A")[0] for row in read}) == 3
    assert "3 of 5 sessions read" in text
    assert text.count("left out: max_activations allows only 3") == 2


async def test_uid_that_looks_like_an_email_is_tried_as_both() -> None:
    """Many accounts use the e-mail address as uid."""
    async with connected("standard") as server:
        text = await server.text("find_friction", users=["nora.quist@example.com"])
        query = server.sandbox.requests[-4].query

    assert "3 of 3 sessions read" in text
    assert "uid=nora.quist%40example.com" in query
    assert "email=nora.quist%40example.com" in query


async def test_same_session_of_two_names_is_read_once() -> None:
    """A person given by uid and by e-mail is not counted twice."""
    async with connected("standard") as server:
        text = await server.text("find_friction", users=[STRUGGLING_UID, "nora.quist@example.com"])

    assert text.startswith("Cost: 3 Activations.")


async def test_user_without_sessions_is_named() -> None:
    """A mistyped uid does not pass for a happy customer."""
    async with connected("standard") as server:
        text = await server.text("find_friction", users=["nobody", STRUGGLING_UID])

    assert "- User “nobody” has no sessions" in text


async def test_nobody_with_sessions_costs_nothing() -> None:
    """There is then nothing to read, and that is no error."""
    async with connected("standard") as server:
        text = await server.text("find_friction", users=["nobody"])

    assert text.startswith("Cost: none.\n0 of 0 sessions read, 0 without trouble.")


async def test_user_who_cannot_be_listed_does_not_fail_the_others() -> None:
    """The reason stands beside what the others showed."""
    async with connected("standard") as server:
        server.sandbox.faults.add(Fault(path="/v2/sessions$", status=400, times=1))
        text = await server.text("find_friction", users=USERS)

    assert "could not be listed: Fullstory refused the request (400)" in text
    assert text.count("\n- ") > 2


async def test_nobody_who_can_be_listed_is_an_error() -> None:
    """A model must not take it for a site without friction."""
    async with connected("standard") as server:
        server.sandbox.faults.add(Fault(path="/v2/sessions$", status=400))
        result = await server.call("find_friction", users=USERS, format="json")

    assert result.is_error
    assert result.content[0].text.count("(400)") == 3
