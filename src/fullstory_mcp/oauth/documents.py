"""Clients that describe themselves at an https URL, which is their id, and the keys they sign with.

Client ID metadata documents are draft-ietf-oauth-client-id-metadata-document, as the MCP
authorization specification asks for. A document is fetched once for all replicas and kept as long
as its headers say, within five minutes and a day. When it has gone stale and its host does not
answer, the client is refused: what was true yesterday is not taken for true today.
"""

import re
import unicodedata
from collections.abc import Mapping
from typing import Any

from joserfc.jwk import KeySet
from pydantic_core import from_json

from fullstory_mcp.oauth import redirects
from fullstory_mcp.oauth.client import Client, Method
from fullstory_mcp.oauth.fetching import FetchRefused, Place, place_of
from fullstory_mcp.oauth.keysets import key_set_of, knows
from fullstory_mcp.oauth.model import Shared
from fullstory_mcp.storage import documents
from fullstory_mcp.storage.documents import Kept

LEAST_SECONDS = 5 * 60
MOST_SECONDS = 24 * 60 * 60
UNSAID_SECONDS = 60 * 60
"""How long a document is kept: at least, at most, and where it does not say."""

UNKNOWN_KEY_SECONDS = 60
"""How often a key set is fetched anew, at most, because a signature names a key it lacks."""

MOST_URL = 2_000
MOST_NAME = 100
MOST_REDIRECTS = 50

_DOT_SEGMENT = re.compile(r"/(?:\.|%2e){1,2}(?:[/?]|$)", re.IGNORECASE)
_UNSHOWN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
"""Unicode categories that change what stands around them, or show nothing."""


class DocumentRefused(FetchRefused):
    """A client's document, or its keys, cannot be used; the sentence names the host and the reason."""

    def __init__(self, host: str, what: str, reason: str) -> None:
        super().__init__(f"{what} at {host} cannot be used: {reason}.")


class Documents:
    """What clients say of themselves at their own addresses."""

    def __init__(self, shared: Shared) -> None:
        self._shared = shared

    async def client(self, url: str) -> Client | None:
        """The client whose id is `url`, None where no document could have such an address.

        Raises:
            DocumentRefused: the document cannot be had, or not used.
            StorageUnavailable: nobody can say.
        """
        place = _document_place(url)
        if place is None:
            return None
        try:
            self._check_host(place)
            if (kept := await self._kept(url)) is not None:
                return self._described(url, place, _parsed(kept.body))
            text, seconds = await self._fetched(url)
            client = self._described(url, place, _parsed(text))
        except FetchRefused as refused:
            raise DocumentRefused(place.netloc, "This app's description", str(refused)) from None
        await self._keep(url, text, seconds)
        return client

    async def key_set(self, url: str, kid: str | None = None) -> KeySet:
        """The public keys at `url`; fetched anew, at most once a minute, where `kid` is not among them.

        Raises:
            DocumentRefused: they cannot be had, or not used.
            StorageUnavailable: nobody can say.
        """
        kept = await self._kept(url)
        old = None if kept is None else key_set_of(_parsed(kept.body))
        if kept is not None and old is not None:
            age = int(self._shared.clock()) - kept.fetched_at
            if age < UNKNOWN_KEY_SECONDS or knows(old, kid):
                return old
        try:
            text, seconds = await self._fetched(url)
            keys = _keys(text)
        except FetchRefused as refused:
            if old is not None:
                return old
            raise DocumentRefused(_host_of(url), "This app's key set", str(refused)) from None
        await self._keep(url, text, seconds)
        return keys

    def _check_host(self, place: Place) -> None:
        allowed = {host.lower() for host in self._shared.settings.metadata_hosts}
        if allowed and not allowed & {place.host, place.netloc}:
            raise FetchRefused("this server takes descriptions from hosts that its operator chose")

    async def _kept(self, url: str) -> Kept | None:
        now = int(self._shared.clock())
        return await self._shared.database.read(documents.load, url, now)

    async def _keep(self, url: str, text: str, seconds: int) -> None:
        now = int(self._shared.clock())
        await self._shared.database.run(documents.save, url, text, now, now + seconds)

    async def _fetched(self, url: str) -> tuple[str, int]:
        """A document's text, and for how many seconds it is kept."""
        fetched = await self._shared.fetcher.get(url)
        said = UNSAID_SECONDS if fetched.max_age is None else fetched.max_age
        try:
            text = fetched.body.decode()
        except UnicodeDecodeError:
            raise FetchRefused("it is not UTF-8 text") from None
        return text, min(max(said, LEAST_SECONDS), MOST_SECONDS)

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
        raise FetchRefused("it holds no public key for signatures")
    return keys


def _cleaned(name: object) -> str:
    """A name as it may be shown: one line, no signs that reorder or hide what stands around it."""
    if not isinstance(name, str):
        return ""
    shown = (" " if each.isspace() else each for each in unicodedata.normalize("NFC", name))
    visible = "".join(each for each in shown if unicodedata.category(each) not in _UNSHOWN)
    return " ".join(visible.split())[:MOST_NAME].strip()
