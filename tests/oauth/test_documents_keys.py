"""The keys that clients sign with, at addresses of their own, and what is kept of strangers in all."""

from typing import Any

import pytest
from joserfc.jwk import ECKey, KeySet, OctKey, RSAKey

from fullstory_mcp.oauth.client import Client
from fullstory_mcp.oauth.documents import UNKNOWN_KEY_SECONDS, DocumentRefused, Documents
from fullstory_mcp.oauth.model import Shared
from fullstory_mcp.storage import documents as stored
from oauth.outside import Outside, Page
from oauth.strangers import HERE
from support import Clock

pytestmark = pytest.mark.anyio

URL = "https://app.example.com/jwks.json"
SIGNER = Client(
    id="https://app.example.com/client.json",
    name="App",
    kind="document",
    redirect_uris=(),
    method="private_key_jwt",
    jwks_uri=URL,
)


def public(kid: str) -> dict[str, Any]:
    """A new public key of that name."""
    return dict(ECKey.generate_key("P-256", {"kid": kid}, private=False).as_dict(private=False))


def names(keys: KeySet) -> list[str | None]:
    """The names of the keys in a set."""
    return [key.kid for key in keys]


@pytest.fixture
def outside() -> Outside:
    """An internet with one key set."""
    return Outside({URL: Page({"keys": [public("one")]})})


async def test_a_key_set_is_fetched_once_and_kept(shared: Shared, outside: Outside) -> None:
    """As a document is."""
    for _ in range(3):
        assert names(await Documents(shared).key_set(SIGNER, "one", HERE)) == ["one"]
    assert len(outside.requests) == 1


async def test_an_unknown_key_is_looked_for_once_a_minute(
    shared: Shared, outside: Outside, clock: Clock
) -> None:
    """A client that changed its keys is served soon; a liar makes us fetch no more than that."""
    keys = Documents(shared)
    await keys.key_set(SIGNER, None, HERE)
    outside.pages[URL] = Page({"keys": [public("two")]})
    for _ in range(3):
        assert names(await keys.key_set(SIGNER, "two", HERE)) == ["one"]
    assert len(outside.requests) == 1

    clock.time += UNKNOWN_KEY_SECONDS
    for _ in range(3):
        assert names(await keys.key_set(SIGNER, "two", HERE)) == ["two"]
        assert names(await keys.key_set(SIGNER, "liar", HERE)) == ["two"]
    assert len(outside.requests) == 2


async def test_a_host_that_is_down_takes_no_key_away(
    shared: Shared, outside: Outside, clock: Clock
) -> None:
    """The keys that are kept and not stale still count."""
    await Documents(shared).key_set(SIGNER, None, HERE)
    outside.pages[URL] = Page({}, 503)
    clock.time += UNKNOWN_KEY_SECONDS

    assert names(await Documents(shared).key_set(SIGNER, "two", HERE)) == ["one"]


async def test_only_public_keys_for_signatures_are_taken(shared: Shared, outside: Outside) -> None:
    """What cannot be used is left out alone, and does not spoil the rest."""
    good = public("good")
    outside.pages[URL] = Page(
        {
            "keys": [
                ECKey.generate_key("P-256", {"kid": "private"}).as_dict(private=True),
                OctKey.generate_key(256, {"kid": "shared"}).as_dict(private=True),
                {**public("encryption"), "use": "enc"},
                {"kty": "AKP", "kid": "unknown kind"},
                {"kty": "RSA", "kid": "short", "n": "AQAB", "e": "AQAB"},
                {"kty": "EC", "kid": "broken"},
                "text",
                good,
                RSAKey.generate_key(2048, {"kid": "rsa"}, private=False).as_dict(private=False),
            ]
        }
    )

    assert names(await Documents(shared).key_set(SIGNER, None, HERE)) == ["good", "rsa"]


@pytest.mark.parametrize("body", [{}, [], {"keys": []}, {"keys": {}}, {"keys": [{}]}, b"<html>"])
async def test_what_holds_no_key_is_refused(shared: Shared, outside: Outside, body: object) -> None:
    """The text names the host."""
    outside.pages[URL] = Page(body)

    with pytest.raises(DocumentRefused, match=r"key set at app\.example\.com cannot be used"):
        await Documents(shared).key_set(SIGNER, None, HERE)


async def test_strangers_cannot_fill_the_disk(shared: Shared) -> None:
    """Of very many documents the newest are kept."""
    with shared.database.begin() as tx:
        for number in range(stored.MOST_ROWS + 10):
            stored.save(tx, f"https://a.example/{number}", "{}", number, 10**9)
        kept = [
            stored.load(tx, f"https://a.example/{number}", 0)
            for number in range(stored.MOST_ROWS + 10)
        ]

    assert [each is None for each in kept] == [True] * 10 + [False] * stored.MOST_ROWS
