"""The public keys of the organisation's own authorization server, and where it says they are.

They are fetched again after an hour, or when a token names a key that is not among them, but never
more often than once a minute however many such tokens come. While that fails, the keys at hand
hold for a day.
"""

import logging
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import anyio
from joserfc.jwk import KeySet
from pydantic_core import from_json

from fullstory_mcp.errors import OperatorError
from fullstory_mcp.oauth.fetching import FetchRefused
from fullstory_mcp.oauth.keysets import key_set_of, knows
from fullstory_mcp.oauth.model import Shared

logger = logging.getLogger(__name__)

FRESH_SECONDS = 60 * 60
USABLE_SECONDS = 24 * 60 * 60
APART_SECONDS = 60
APART_WITHOUT_SECONDS = 5
"""Seconds between two tries, and where there are no keys at all yet."""

MOST_BYTES = 256 * 1024
"""Large issuers publish certificate chains beside their keys."""


class KeysUnavailable(OperatorError):
    """The issuer's keys cannot be had, and none are at hand: nobody can be let in or turned away."""


def same_issuer(named: object, issuer: str) -> bool:
    """Whether `named` is the issuer of the settings, which are read without a last slash."""
    return isinstance(named, str) and named in {issuer, f"{issuer}/"}


class IssuerKeys:
    """The keys of `settings.token_issuer`."""

    def __init__(self, shared: Shared) -> None:
        self._shared = shared
        self._issuer = shared.settings.token_issuer or ""
        self._keys: KeySet | None = None
        self._fetched_at = 0.0
        self._tried_at = float("-inf")
        self._lock = anyio.Lock()

    async def current(self, kid: str | None) -> KeySet:
        """The keys, fetched again where they are old or `kid` is not among them.

        Raises:
            KeysUnavailable: there are none, or only some that are older than a day.
        """
        if self._due(kid):
            if self._lock.locked() and self._usable() and knows(self._at_hand(), kid):
                return self._at_hand()
            async with self._lock:
                if self._due(kid):
                    await self._refresh()
        return self._at_hand()

    def _age(self) -> float:
        return self._shared.clock() - self._fetched_at

    def _usable(self) -> bool:
        return self._keys is not None and self._age() < USABLE_SECONDS

    def _due(self, kid: str | None) -> bool:
        """Whether to ask the issuer again, as far as it was not asked just now."""
        apart = APART_SECONDS if self._usable() else APART_WITHOUT_SECONDS
        if self._shared.clock() - self._tried_at < apart:
            return False
        return self._keys is None or self._age() >= FRESH_SECONDS or not knows(self._keys, kid)

    def _at_hand(self) -> KeySet:
        if self._keys is None or not self._usable():
            raise KeysUnavailable(
                "The keys of FULLSTORY_MCP_TOKEN_ISSUER cannot be had: see the warning before."
            )
        return self._keys

    async def _refresh(self) -> None:
        self._tried_at = self._shared.clock()
        try:
            keys = key_set_of(await self._object(await self._url()))
            if keys is None:
                raise FetchRefused("it holds no public key for signatures")  # noqa: TRY301 - told with the rest
        except FetchRefused as refused:
            logger.warning("The token issuer's key set cannot be used: %s.", refused)
            return
        self._keys, self._fetched_at = keys, self._shared.clock()

    async def _url(self) -> str:
        """Where the keys are: as set, or as the issuer's metadata says.

        OpenID Connect Discovery 1.0 section 4 and RFC 8414 section 3 place it differently.
        """
        if self._shared.settings.token_jwks_url:
            return self._shared.settings.token_jwks_url
        parts = urlsplit(self._issuer)
        origin = f"{parts.scheme}://{parts.netloc}"
        why = FetchRefused("the issuer publishes no metadata")
        for url in (
            f"{self._issuer}/.well-known/openid-configuration",
            f"{origin}/.well-known/oauth-authorization-server{parts.path}",
        ):
            try:
                metadata = await self._object(url)
            except FetchRefused as refused:
                why = FetchRefused(f"the issuer's metadata cannot be had: {refused}")
                continue
            if not same_issuer(metadata.get("issuer"), self._issuer):
                raise FetchRefused("the issuer's metadata names another issuer")
            if isinstance(uri := metadata.get("jwks_uri"), str):
                return uri
            raise FetchRefused("the issuer's metadata names no key set")
        raise why

    async def _object(self, url: str) -> Mapping[str, Any]:
        fetched = await self._shared.fetcher.get(url, most_bytes=MOST_BYTES, whose="operator")
        try:
            found = from_json(fetched.body)
        except ValueError:
            found = None
        if not isinstance(found, dict):
            raise FetchRefused("it is not a JSON object")
        return found
