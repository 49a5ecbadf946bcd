"""Clients that describe themselves at an https URL, which is their id, and the keys they sign with.

Client ID metadata documents are draft-ietf-oauth-client-id-metadata-document, as the MCP
authorization specification asks for. A document is fetched once for all replicas and kept as long
as its headers say, within five minutes and a day. When it has gone stale and cannot be fetched, no
person is asked about the client: what was true yesterday is not taken for true today. What is
connected already goes on by the stale one for a day, so that nobody can lock people out by keeping us
from a host.

Anyone can name a URL, so fetches are counted by the network address that they are for, but those of
clients that somebody has connected.
"""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from joserfc.jwk import KeySet
from pydantic_core import from_json

from fullstory_mcp.oauth import redirects
from fullstory_mcp.oauth.addresses import site_of
from fullstory_mcp.oauth.client import Client, Method
from fullstory_mcp.oauth.fetching import FetchRefused, Gone, Place, Whose, place_of
from fullstory_mcp.oauth.keysets import key_set_of, knows
from fullstory_mcp.oauth.model import Shared
from fullstory_mcp.oauth.naming import one_line
from fullstory_mcp.storage import Tx, counters, documents
from fullstory_mcp.storage.documents import Kept

LEAST_SECONDS = 5 * 60
MOST_SECONDS = 24 * 60 * 60
UNSAID_SECONDS = 60 * 60
"""How long a document is kept: at least, at most, and where it does not say."""

UNKNOWN_KEY_SECONDS = 60
"""How often a key set is fetched anew, at most, because a signature names a key it lacks."""

COUNTED_SECONDS = 10 * 60
BY_ADDRESS, BY_SITE = 30, 150
"""Fetches in so many seconds for one network address, and for an IPv6 site with all its networks."""

MOST_URL = 2_000
MOST_NAME = 100
MOST_REDIRECTS = 50

_DOT_SEGMENT = re.compile(r"/(?:\.|%2e){1,2}(?:[/?]|$)", re.IGNORECASE)


class DocumentRefused(FetchRefused):
    """A client's document, or its keys, cannot be used; the sentence names the host and the reason."""

    def __init__(self, host: str, what: str, reason: str) -> None:
        super().__init__(f"{what} at {host} cannot be used: {reason}.")


@dataclass(frozen=True, slots=True)
class _Found:
    """A document's text, and for how many seconds it is fresh; 0 where it is stale."""

    text: str
    seconds: int = 0


class Documents:
    """What clients say of themselves at their own addresses."""

    def __init__(self, shared: Shared) -> None:
        self._shared = shared

    async def client(self, url: str, address: str, *, stale: bool = False) -> Client | None:
        """The client whose id is `url`, None where no document could have such an address.

        `address` is the network address that asks; with `stale`, a document that has gone stale
        will do where it cannot be fetched.

        Raises:
            DocumentRefused: the document cannot be had, or not used.
            StorageUnavailable: nobody can say.
        """
        place = _document_place(url)
        if place is None:
            return None
        try:
            self._check_host(place)
            kept = await self._kept(url)
            if kept is not None and self._fresh(kept):
                return self._described(url, place, _parsed(kept.body))
            found = await self._found(url, kept, address, stale=stale)
            client = self._described(url, place, _parsed(found.text))
        except FetchRefused as refused:
            raise DocumentRefused(place.netloc, "This app's description", str(refused)) from None
        await self._keep(url, found)
        return client

    async def key_set(self, client: Client, kid: str | None, address: str) -> KeySet:
        """The client's keys at its `jwks_uri`; fetched anew, at most once a minute, where `kid` is missing.

        They only serve what is connected already, so stale ones do where none can be fetched.

        Raises:
            DocumentRefused: they cannot be had, or not used.
            StorageUnavailable: nobody can say.
        """
        url = client.jwks_uri or ""
        kept = await self._kept(url)
        old = None if kept is None else key_set_of(_parsed(kept.body))
        fresh = kept is not None and self._fresh(kept)
        if kept is not None and old is not None and fresh:
            age = int(self._shared.clock()) - kept.fetched_at
            if age < UNKNOWN_KEY_SECONDS or knows(old, kid):
                return old
        try:
            whose = await self._whose(client.id, kept, known=client.kind == "known")
            found = await self._fetched(url, whose, address)
            keys = _keys(found.text)
        except FetchRefused as refused:
            if old is not None and (fresh or not isinstance(refused, Gone)):
                return old
            raise DocumentRefused(_host_of(url), "This app's key set", str(refused)) from None
        await self._keep(url, found)
        return keys

    def _check_host(self, place: Place) -> None:
        allowed = {host.lower() for host in self._shared.settings.metadata_hosts}
        if allowed and not allowed & {place.host, place.netloc}:
            raise FetchRefused("this server takes descriptions from hosts that its operator chose")

    async def _kept(self, url: str) -> Kept | None:
        now = int(self._shared.clock())
        return await self._shared.database.read(documents.load, url, now)

    def _fresh(self, kept: Kept) -> bool:
        return kept.fresh_until > self._shared.clock()

    async def _keep(self, url: str, found: "_Found") -> None:
        if not found.seconds:
            return
        now = int(self._shared.clock())
        await self._shared.database.run(documents.save, url, found.text, now, now + found.seconds)

    async def _found(self, url: str, kept: Kept | None, address: str, *, stale: bool) -> "_Found":
        """A client's document from its host, or a stale one where that will do."""
        try:
            return await self._fetched(url, await self._whose(url, kept), address)
        except Gone:
            raise
        except FetchRefused:
            if kept is None or not stale:
                raise
            return _Found(kept.body)

    async def _whose(self, client_id: str, kept: Kept | None, *, known: bool = False) -> Whose:
        """Whom a fetch for a client may take places from."""
        if known or await self._shared.database.read(documents.connected, client_id):
            return "connected"
        return "kept" if kept is not None else "stranger"

    async def _fetched(self, url: str, whose: Whose, address: str) -> "_Found":
        now = int(self._shared.clock())
        if whose != "connected" and await self._shared.database.run(_too_many, address, now):
            raise FetchRefused(
                "too many descriptions were asked for from your network; try again in ten minutes"
            )
        fetched = await self._shared.fetcher.get(url, whose=whose)
        said = UNSAID_SECONDS if fetched.max_age is None else fetched.max_age
        try:
            text = fetched.body.decode()
        except UnicodeDecodeError:
            raise FetchRefused("it is not UTF-8 text") from None
        return _Found(text, min(max(said, LEAST_SECONDS), MOST_SECONDS))

    def _described(self, url: str, place: Place, document: Mapping[str, Any]) -> Client:
        """The client that a document describes."""
        if document.get("client_id") != url:
            raise FetchRefused("it does not name its own address as `client_id`")
        for name, wanted in (("grant_types", "authorization_code"), ("response_types", "code")):
            listed = document.get(name, [wanted])
            if not isinstance(listed, list) or wanted not in listed:
                raise FetchRefused(f"its `{name}` leave out {wanted}")
        method = _method(document)
        jwks, jwks_uri = _signing_keys(document) if method == "private_key_jwt" else (None, None)
        return Client(
            id=url,
            name=_cleaned(document.get("client_name")) or place.netloc,
            kind="document",
            redirect_uris=self._redirects(document),
            method=method,
            jwks=jwks,
            jwks_uri=jwks_uri,
            host=place.netloc,
        )

    def _redirects(self, document: Mapping[str, Any]) -> tuple[str, ...]:
        """Those redirect URIs that a browser may be sent to; one that may not spoils no other."""
        given = document.get("redirect_uris")
        if not isinstance(given, list) or not given or len(given) > MOST_REDIRECTS:
            raise FetchRefused(f"it must list 1 to {MOST_REDIRECTS} `redirect_uris`")
        schemes = self._shared.settings.redirect_schemes
        faults = {
            each: redirects.fault(each, schemes) for each in given if isinstance(each, str)
        } or {"": "must be text"}
        usable = tuple(each for each, fault in faults.items() if fault is None)
        if not usable:
            raise FetchRefused(f"its redirect URI {next(iter(faults.values()))}")
        return usable


def _too_many(tx: Tx, address: str, now: int) -> bool:
    """Counts a fetch for a network address."""
    if counters.count(tx, f"document:{address}", COUNTED_SECONDS, now) > BY_ADDRESS:
        return True
    site = f"document-site:{site_of(address)}"
    return counters.count(tx, site, COUNTED_SECONDS, now) > BY_SITE


def _document_place(url: str) -> Place | None:
    """The parts of a URL that may be a client's id, None where it may not.

    https with a path, and without dot segments, fragment or user (the draft's section 3).
    """
    if len(url) > MOST_URL or _DOT_SEGMENT.search(url):
        return None
    try:
        place = place_of(url)
    except FetchRefused:
        return None
    named = place.scheme == "https" and place.target.partition("?")[0] != "/"
    return place if named else None


def _host_of(url: str) -> str:
    try:
        return place_of(url).netloc
    except FetchRefused:
        return "an unusable address"


def _parsed(text: str) -> Mapping[str, Any]:
    """A JSON object."""
    try:
        document = from_json(text, allow_inf_nan=False)
    except ValueError:
        document = None
    if not isinstance(document, dict):
        raise FetchRefused("it is not a JSON object")
    return document


def _method(document: Mapping[str, Any]) -> Method:
    """How the client authenticates: a public text can hold no secret.

    A document that lists `none` among several methods is a public client here: each is as good as
    the weakest that its host allows.
    """
    if any(name.startswith("client_secret") for name in document):
        raise FetchRefused("it holds a client secret, which everybody can read")
    several = document.get("token_endpoint_auth_methods_supported")
    if isinstance(several, list) and "none" in several:
        return "none"
    method = document.get("token_endpoint_auth_method", "none")
    if method == "none":
        return "none"
    if method == "private_key_jwt":
        return "private_key_jwt"
    raise FetchRefused("its `token_endpoint_auth_method` must be none or private_key_jwt")


def _signing_keys(document: Mapping[str, Any]) -> tuple[Mapping[str, Any] | None, str | None]:
    """The keys of a client that signs, in the document or at an address of their own (RFC 7591)."""
    jwks, uri = document.get("jwks"), document.get("jwks_uri")
    if isinstance(jwks, dict) and uri is None:
        keys = key_set_of(jwks)
        if keys is None:
            raise FetchRefused("its `jwks` hold no public key for signatures")
        return dict(keys.as_dict()), None
    if jwks is None and isinstance(uri, str) and len(uri) <= MOST_URL:
        if place_of(uri).scheme != "https":
            raise FetchRefused("its `jwks_uri` is not https")
        return None, uri
    raise FetchRefused("private_key_jwt needs one of `jwks` and `jwks_uri`")


def _keys(text: str) -> KeySet:
    keys = key_set_of(_parsed(text))
    if keys is None:
        raise Gone("it holds no public key for signatures")
    return keys


def _cleaned(name: object) -> str:
    """A name as it may be shown: one line, no signs that reorder or hide what stands around it."""
    if not isinstance(name, str):
        return ""
    return one_line(unicodedata.normalize("NFC", name))[:MOST_NAME].strip()
