"""Who gets which key after a sign-in: what the operator's file says, and nothing in doubt."""

from pathlib import Path
from typing import Any

import pytest

from oauth.harness import followed, submitted
from oauth.organisation import at_the_provider, forget_everyone, organisation

pytestmark = pytest.mark.anyio


KEYLESS: dict[str, dict[str, Any]] = {
    "unknown": {"sub": "u-eve", "email": "eve@example.com", "email_verified": True},
    "unverified e-mail": {"sub": "u-ada", "email": "ada@example.com", "email_verified": False},
    "e-mail of which nothing is said": {"sub": "u-ada", "email": "ada@example.com"},
    "no e-mail": {"sub": "u-eve"},
}


@pytest.mark.parametrize("person", KEYLESS.values(), ids=KEYLESS)
async def test_a_person_without_a_key_is_told_whom_to_ask(person: dict[str, Any]) -> None:
    """Who they are signed in as is said, and that the access file gives them nothing."""
    async with organisation(person=person) as (door, at):
        back = await door.client.get(at.sign_in(await at_the_provider(door)))
        page = await door.client.get(back.headers["location"])
        other_way = await followed(
            door.client, await submitted(door.client, page, {}, button="back")
        )

    assert page.status_code == 403
    assert person.get("email", person["sub"]) in page.text
    assert "gives you no Fullstory key" in page.text
    assert ("did not confirm" in page.text) == (
        "email" in person and person.get("email_verified") is not True
    )
    assert "Step 1 of 2" in other_way.text


async def test_a_group_is_enough_without_an_address() -> None:
    """Rows of the file may name groups."""
    async with organisation(person={"sub": "u-9", "groups": ["support"]}) as (door, at):
        back = await door.client.get(at.sign_in(await at_the_provider(door)))
        page = await followed(door.client, back)

    assert "“support”" in page.text
    assert "u-9" in page.text


async def test_a_row_taken_out_while_the_page_is_open_gives_nothing(tmp_path: Path) -> None:
    """The file is asked again when Allow is pressed."""
    async with organisation(folder=tmp_path) as (door, at):
        back = await door.client.get(at.sign_in(await at_the_provider(door)))
        page = await followed(door.client, back)
        forget_everyone(door, tmp_path)
        answer = await submitted(door.client, page, {"scope": ["fullstory:read"]}, button="allow")

    assert answer.status_code == 403
    assert "There is no key for you here" in answer.text
