"""How long a client's document is believed, and by whom."""

from pathlib import Path

import pytest

from fullstory_mcp.oauth.documents import (
    LEAST_SECONDS,
    MOST_SECONDS,
    UNSAID_SECONDS,
    Documents,
)
from fullstory_mcp.oauth.model import Shared
from oauth.documented import REDIRECT, URL, described, why_not
from oauth.outside import Outside, Page
from oauth.strangers import HERE, sharing
from support import Clock

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("max-age=1", LEAST_SECONDS),
        ("no-store", LEAST_SECONDS),
        ("max-age=7200", 7200),
        ("max-age=999999999", MOST_SECONDS),
        ("", UNSAID_SECONDS),
    ],
)
async def test_a_document_is_kept_as_long_as_it_says_within_bounds(
    shared: Shared, outside: Outside, clock: Clock, header: str, seconds: int
) -> None:
    """From five minutes to a day."""
    outside.pages[URL].headers = {"cache-control": header}
    await Documents(shared).client(URL, HERE)
    clock.time += seconds - 1
    await Documents(shared).client(URL, HERE)
    assert len(outside.requests) == 1

    clock.time += 1
    await Documents(shared).client(URL, HERE)
    assert len(outside.requests) == 2


async def test_what_one_replica_fetched_the_others_have(tmp_path: Path, outside: Outside) -> None:
    """The host is asked once for all of them."""
    with sharing(tmp_path, outside) as one, sharing(tmp_path, outside) as other:
        assert await Documents(one).client(URL, HERE) == await Documents(other).client(URL, HERE)
    assert len(outside.requests) == 1


async def test_a_stale_document_is_not_believed_while_its_host_is_down(
    shared: Shared, outside: Outside, clock: Clock
) -> None:
    """Yesterday's redirect URIs may be somebody else's today."""
    await Documents(shared).client(URL, HERE)
    outside.pages[URL] = Page({}, 503)
    clock.time += UNSAID_SECONDS

    assert "status 503" in await why_not(shared)


async def test_a_failure_is_not_kept(shared: Shared, outside: Outside, clock: Clock) -> None:
    """Some seconds later the host is asked again."""
    outside.pages[URL] = Page({}, 503)
    await why_not(shared)
    outside.pages[URL] = Page(described())
    clock.time += 10

    assert await Documents(shared).client(URL, HERE) is not None


async def test_a_redirect_scheme_that_is_taken_away_counts_at_once(
    tmp_path: Path, outside: Outside
) -> None:
    """What is kept is the document, and it is judged by the settings as they are."""
    outside.pages[URL] = Page(described(redirect_uris=["cursor://cb", REDIRECT]))
    with sharing(tmp_path, outside) as parts:
        before = await Documents(parts).client(URL, HERE)
    with sharing(tmp_path, outside, FULLSTORY_MCP_REDIRECT_SCHEMES="zed") as parts:
        after = await Documents(parts).client(URL, HERE)

    assert before is not None
    assert after is not None
    assert (before.redirect_uris, after.redirect_uris) == (("cursor://cb", REDIRECT), (REDIRECT,))
