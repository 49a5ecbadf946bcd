"""A privacy officer answers a deletion request: find the person, delete in two steps, see it done."""

import pytest

from support import ERAS, confirmation_in, connected

pytestmark = pytest.mark.anyio

EMAIL = "nora.quist@example.com"


@pytest.mark.parametrize("mode", ERAS)
async def test_person_is_found_deleted_and_the_deletion_followed(mode: str) -> None:
    """Nothing goes before it is confirmed; afterwards the operation shows when it is over."""
    async with connected("architect", mode) as server:
        found = (await server.data("list_users", email=EMAIL))["results"]
        person = found[0]["id"]

        asked = await server.call("delete_user", id=person)
        untouched = await server.data("get_user", id=person)
        done = await server.data("delete_user", id=person, confirmation=confirmation_in(asked))
        going = await server.data("get_user", id=person)
        running = await server.data("list_operations", type="DELETE_USER")

        server.clock.time += 10
        finished = await server.data("list_operations", type="DELETE_USER")
        gone = await server.error("get_user", id=person)
        sessions = await server.data("list_sessions", email=EMAIL)

    assert len(found) == 1
    assert f"“{person}”" in asked.content[0].text
    assert untouched["is_being_deleted"] is False
    assert done["done"].startswith("Deletion of the user has started")
    assert going["is_being_deleted"] is True
    assert [row["state"] for row in running["operations"]] == ["PENDING"]
    assert [row["state"] for row in finished["operations"]] == ["COMPLETED"]
    assert gone.startswith("Fullstory knows no such thing (404)")
    assert sessions == {"results": []}


async def test_officer_who_changes_their_mind_has_changed_nothing() -> None:
    """A token that is never used leaves no trace."""
    async with connected("architect") as server:
        before = await server.data("list_users", email=EMAIL)
        await server.call("delete_user", uid="cust-1042")
        server.clock.time += 3_600

        assert await server.data("list_users", email=EMAIL) == before
        assert (await server.data("list_operations"))["operations"] == []


async def test_read_only_server_shows_the_person_and_refuses_the_deletion() -> None:
    """Where nothing may be changed, the deleting tool is neither listed nor callable."""
    async with connected("admin", FULLSTORY_MCP_READ_ONLY="true") as server:
        found = await server.data("list_users", email=EMAIL)
        names = await server.names()
        refused = await server.error("delete_user", id=found["results"][0]["id"])

    assert "delete_user" not in names
    assert refused.startswith("delete_user is not permitted: this server is read-only")
