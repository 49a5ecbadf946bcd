"""Access tokens of the organisation's own authorization server: JWTs, checked by its public keys.

Who a token is of, and for whom, is checked as RFC 9068 section 4 and RFC 8725 ask; the access file
then says which Fullstory key the person uses. A good token of somebody whom the file does not know
is told apart from a bad one, because a new token would not help.
"""

import hashlib
import json
import logging
from collections.abc import Mapping
from typing import Any

from joserfc import jws, jwt
from joserfc.errors import ClaimError, JoseError, UnsupportedAlgorithmError
from joserfc.jws import JWSRegistry
from joserfc.jwt import JWTClaimsRegistry

from fullstory_mcp.oauth.access import Identity, NamedKey
from fullstory_mcp.oauth.guard import NotAdmitted
from fullstory_mcp.oauth.issuer_keys import IssuerKeys, same_issuer
from fullstory_mcp.oauth.model import Shared
from fullstory_mcp.principal import SCOPES, Principal

logger = logging.getLogger(__name__)

MOST_CHARACTERS = 8 * 1024
LEEWAY_SECONDS = 30
HELD_SECONDS = 60
"""How long a checked token is not checked again; the access file is asked each time."""

MOST_HELD = 10_000
MOST_NAME = 200

TYPES = frozenset({"at+jwt", "application/at+jwt", "jwt", ""})
"""The `typ` of an access token; many issuers say JWT, or nothing."""

ID_TOKEN_CLAIMS = frozenset({"nonce", "at_hash", "c_hash"})
"""What only ID tokens carry (OpenID Connect Core 1.0); they are for clients to read, not for us."""

MEND = (
    "Fullstory does not accept the key “{name}” that this server has for you (401). Ask whoever runs "
    "this server to set a valid one; nothing has to be connected again."
)


class _Refused(Exception):
    """The token is not good; the text is for the log and repeats nothing of the token."""


class _Algorithms(JWSRegistry):
    """The signatures that the operator allows, and nothing else.

    Headers that nobody knows are ignored (RFC 7515 section 4), except critical ones. EdDSA, which
    the library warns about at each use, is what issuers still call Ed25519 (RFC 9864).
    """

    max_header_length = 2_048

    def __init__(self, names: tuple[str, ...]) -> None:
        super().__init__(
            algorithms=(*names, "Ed25519") if "EdDSA" in names else names,
            strict_check_header=False,
        )

    def get_alg(self, name: str) -> Any:
        """The algorithm of that name.

        Raises:
            UnsupportedAlgorithmError: the operator does not allow it.
        """
        if not isinstance(name, str) or name not in (self.allowed or ()):
            raise UnsupportedAlgorithmError
        return self.algorithms[name]


class ExternalTokens:
    """Verifies the tokens of `settings.token_issuer`."""

    def __init__(self, shared: Shared) -> None:
        self._shared = shared
        self._issuer = shared.settings.token_issuer or ""
        self._audience = shared.settings.token_audience or shared.front.resource
        self._algorithms = _Algorithms(shared.settings.token_algorithms)
        self._keys = IssuerKeys(shared)
        self._held: dict[str, tuple[float, Mapping[str, Any]]] = {}

    async def verify(self, token: str) -> Principal | None:
        """Whom the token stands for; None where it is not a good one of the issuer's.

        Raises:
            NotAdmitted: it is good, and the access file does not know the person.
            KeysUnavailable: the issuer's keys cannot be had.
        """
        try:
            claims = await self._claims(token)
            identity = self._identity(claims)
        except _Refused as refused:
            logger.info("An access token was refused: %s", refused)
            return None
        return self._principal(claims, identity)

    async def _claims(self, token: str) -> Mapping[str, Any]:
        """The claims of a good token, checked within the last minute."""
        if len(token) > MOST_CHARACTERS:
            raise _Refused("it is too long")
        digest = hashlib.sha256(token.encode()).hexdigest()
        now = self._shared.clock()
        if (held := self._held.get(digest)) and held[0] > now:
            return held[1]
        claims = await self._checked(token)
        while len(self._held) >= MOST_HELD:
            del self._held[next(iter(self._held))]
        self._held[digest] = (min(now + HELD_SECONDS, claims["exp"] + LEEWAY_SECONDS), claims)
        return claims

    async def _checked(self, token: str) -> Mapping[str, Any]:
        """The claims, with signature, type, issuer, audience and times checked."""
        try:
            kid = self._kid(token)
            keys = await self._keys.current(kid)
            checked = jwt.decode(token, keys, registry=self._algorithms)
            self._claims_registry().validate(checked.claims)
        except ClaimError as error:
            raise _Refused(f"{error.error}, {error.claim}") from None
        except JoseError as error:
            raise _Refused(error.error) from None
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            raise _Refused("it is not a JWT") from None
        if not same_issuer(checked.claims["iss"], self._issuer):
            raise _Refused("invalid_claim, iss")
        _check_kind(checked.header, checked.claims)
        return checked.claims

    def _kid(self, token: str) -> str | None:
        """The key that an unchecked token names, once its algorithm is one that is taken."""
        header = jws.extract_compact(token.encode(), registry=self._algorithms).headers()
        self._algorithms.get_alg(header["alg"])
        kid = header.get("kid")
        if kid is not None and not isinstance(kid, str):
            raise _Refused("its kid is not text")
        return kid

    def _claims_registry(self) -> JWTClaimsRegistry:
        return JWTClaimsRegistry(
            now=int(self._shared.clock()),
            leeway=LEEWAY_SECONDS,
            iss={"essential": True},
            aud={"essential": True, "value": self._audience},
            exp={"essential": True},
            sub={"essential": True},
        )

    def _identity(self, claims: Mapping[str, Any]) -> Identity:
        settings = self._shared.settings
        trusted = settings.token_email == "trusted"  # noqa: S105 - a choice, no secret
        try:
            return Identity.of(claims, settings.groups_claim, email_counts_unless_denied=trusted)
        except ValueError as error:
            raise _Refused(str(error)) from None

    def _principal(self, claims: Mapping[str, Any], identity: Identity) -> Principal:
        """The person by the access file as it is now."""
        name = _plain(identity.shown)
        access = self._shared.access
        named = access.match(identity)
        if named is None:
            raise NotAdmitted(
                f"This server does not know {name}. Ask whoever runs it to add you, or one of your "
                "groups, to its access file."
            )
        return Principal(
            key=named.current(),
            name=name,
            door="oauth",
            owner=identity.owner,
            email=identity.verified_email,
            groups=identity.groups,
            client=_plain(_client(claims)),
            client_id=_client(claims),
            named_key=named.name,
            connection=_connection(identity, _client(claims)),
            scopes=_scopes(claims, access.scope_aliases) & named.scopes,
            denied=_denied(named),
            ceiling=named.ceiling,
            mend=MEND.format(name=named.name),
        )


def _check_kind(header: Mapping[str, Any], claims: Mapping[str, Any]) -> None:
    """Only access tokens that anyone may bear are taken."""
    kind = header.get("typ", "")
    if not isinstance(kind, str) or kind.lower() not in TYPES:
        raise _Refused("it is of another type")
    if not kind.lower().endswith("at+jwt") and ID_TOKEN_CLAIMS & claims.keys():
        raise _Refused("it is an ID token")
    if "cnf" in claims:
        raise _Refused("it is bound to a key of its client, which is not asked for here")


def _scopes(claims: Mapping[str, Any], aliases: Mapping[str, tuple[str, ...]]) -> frozenset[str]:
    """Our scopes, from `scope` (RFC 9068 section 2.2.3) or `scp`, as texts or lists."""
    names: list[str] = []
    for claim in (claims.get("scope"), claims.get("scp")):
        listed = claim if isinstance(claim, list) else [claim]
        names += (name for each in listed if isinstance(each, str) for name in each.split())
    meant = {scope for name in names for scope in aliases.get(name, (name,))}
    return frozenset(meant.intersection(SCOPES))


def _denied(named: NamedKey) -> frozenset[str]:
    """What no other token would bring: the operator does not leave it to this person."""
    return frozenset(SCOPES) - named.scopes


def _client(claims: Mapping[str, Any]) -> str:
    """The client that the token was issued to, as issuers name it."""
    told = (claims.get(name) for name in ("client_id", "azp", "appid"))
    return next((each for each in told if isinstance(each, str)), "")


def _connection(identity: Identity, client: str) -> str:
    """What stands for one person's use of one client, which has no row here: the same for every token."""
    parts = json.dumps([identity.issuer.rstrip("/"), identity.subject, client])
    return hashlib.sha256(parts.encode()).hexdigest()[:32]


def _plain(text: str) -> str:
    return "".join(each for each in text if each.isprintable())[:MOST_NAME]
