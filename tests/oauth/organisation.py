"""A hosted server of an organisation: its access file, its identity provider, and who signs in."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2 as httpx
import pytest

from oauth.harness import Door, followed, hosting
from oauth.identity_provider import SETTINGS, IdentityProvider
from support import Clock

KEY = "na1.sandbox-architect"
"""The operator's key, which nobody is to see."""

VARIABLE = "KEY_OF_SUPPORT"

ACCESS = f"""
[keys.support]
env = "{VARIABLE}"
level = "standard"
scopes = ["fullstory:read", "fullstory:write"]

[[people]]
email = "ada@example.com"
key = "support"

[[people]]
group = "support"
key = "support"
"""


@asynccontextmanager
async def organisation(
    database_url: str | None = None, folder: Path | None = None, **provider: Any
) -> AsyncIterator[tuple[Door, IdentityProvider]]:
    """A hosted server whose people sign in at `provider`, which may be told how to be odd."""
    clock = Clock()
    at = IdentityProvider(clock, **provider)
    given = {"access": ACCESS, "outside": at.transport, "clock": clock, **SETTINGS}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(VARIABLE, KEY)
        async with hosting(database_url, folder=folder, **given) as door:
            yield door, at


async def at_the_provider(door: Door, **parameters: str | None) -> str:
    """The address at the provider that the consent page of a new client leads to."""
    client = (await door.registered())["client_id"]
    question = door.question(client, **parameters)
    page = await followed(door.client, await door.client.get("/authorize", params=question))
    return await sent_to(door, page)


async def sent_to(door: Door, page: httpx.Response) -> str:
    """Where a page's link “Sign in with your organisation” leads in the end."""
    assert "Sign in with your organisation" in page.text
    answer = await door.client.get(link_on(page))
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]


def link_on(page: httpx.Response) -> str:
    """Where a page's first link leads."""
    return page.text.partition('href="')[2].partition('"')[0].replace("&amp;", "&")


def forget_everyone(door: Door, folder: Path) -> None:
    """Empties the access file, and lets the two seconds pass within which it is read again."""
    (folder / "access.toml").write_text("")
    for _ in range(2):
        door.clock.time += 1
        _ = door.shared.access.keys
