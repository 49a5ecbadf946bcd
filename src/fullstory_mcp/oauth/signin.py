"""Sign in with the organisation: OpenID Connect's code flow with PKCE, by authlib's Starlette client.

What must be remembered until the browser comes back waits sealed in the row of its request, not in
this process: any replica takes the callback. Only a validated ID token tells who a person is; which
key they get, the operator's access file says (`consent`).
"""

import logging
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import httpx2 as httpx
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.starlette_client import OAuth, StarletteOAuth2App
from authlib.oidc.core import CodeIDToken
from joserfc.errors import JoseError
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from fullstory_mcp.oauth import answers, consent, pages, waiting
from fullstory_mcp.oauth.access import Identity
from fullstory_mcp.oauth.model import Shared
from fullstory_mcp.oauth.proof import PersonProof, SigningIn
from fullstory_mcp.oauth.visiting import begin_visit
from fullstory_mcp.oauth.waiting import Closed, Waiting, sent_on
from fullstory_mcp.settings.hosted import ALGORITHMS

logger = logging.getLogger(__name__)
# Its debug lines show PKCE verifiers.
logging.getLogger("authlib").setLevel(logging.INFO)

CALLBACK = "/signin/callback"

ANSWER_SECONDS = 10
"""How long the identity provider may take for each answer."""

KNOWN_SECONDS = 3600
"""How long the identity provider's metadata is taken to be still so."""

LEEWAY_SECONDS = 60
"""How far the identity provider's clock may be from ours."""

MOST_NAME = 320
"""Most characters of a subject (255; OpenID Connect Core 1.0, section 2) or an e-mail address."""

FAULTS = (
    AuthlibBaseError,
    JoseError,
    httpx.HTTPError,
    httpx.InvalidURL,
    LookupError,
    RuntimeError,
    TypeError,
    ValueError,
)
"""What a provider that is away, refuses, or answers nonsense ends in: the answer is a stranger's."""


class SignIn:
    """The two addresses of a sign-in, and the identity provider behind them."""

    def __init__(self, shared: Shared) -> None:
        self._shared = shared
        self._provider: tuple[float, StarletteOAuth2App] | None = None

    async def begin(self, request: Request) -> Response:
        """GET /signin: sends the browser to the identity provider.

        With `request` it is for that consent; without, to see one's connections.
        """
        response = sent_on("")
        try:
            waits = await self._waits(request, response)
        except Closed as closed:
            return closed.page
        session: dict[str, Any] = {}
        request.scope["session"] = session
        try:
            provider = await self._known()
            address = self._shared.front.url(CALLBACK)
            sent = await provider.authorize_redirect(request, address, state=waits.row.id)
        except FAULTS as error:
            return self._failed(waits, error)
        await waiting.put(self._shared, waits, SigningIn(session))
        response.headers["location"] = sent.headers["location"]
        return response

    async def finish(self, request: Request) -> Response:
        """GET /signin/callback: takes what the identity provider says, once."""
        try:
            waits = await waiting.found(
                self._shared, request, request.query_params.get("state", "")
            )
        except Closed as closed:
            return closed.page
        remembered = waits.proof
        if not isinstance(remembered, SigningIn) or not await waiting.put(
            self._shared, waits, None
        ):
            return self._page(waits, 400, "This sign-in is already over", "It counts once.")
        waits = replace(waits, row=replace(waits.row, proof=None), proof=None)
        try:
            identity = await self._identity(request, remembered)
        except FAULTS as error:
            return self._failed(waits, error)
        if identity is None:
            _told(waits, "denied")
            text = "Your organisation’s sign-in was cancelled, or it does not let you in here."
            return self._page(waits, 403, "You were not signed in", text)
        _told(waits, "signed in")
        return await self._shown(request, waits, PersonProof(identity))

    async def _waits(self, request: Request, response: Response) -> Waiting:
        if row := request.query_params.get("request", ""):
            return await waiting.found(self._shared, request, row)
        stored = await waiting.store(self._shared, request, response, None)
        return Waiting(stored, None, None)

    async def _known(self) -> StarletteOAuth2App:
        """The identity provider with its metadata.

        Raises:
            ValueError: its metadata is of another issuer (OpenID Connect Discovery 1.0, 4.3).
        """
        now = self._shared.clock()
        if self._provider is None or now - self._provider[0] >= KNOWN_SECONDS:
            provider = _registered(self._shared)
            metadata = await provider.load_server_metadata()
            if metadata["issuer"].rstrip("/") != self._shared.settings.oidc_issuer:
                raise ValueError("the metadata is of another issuer")
            signed_by = metadata.get("id_token_signing_alg_values_supported") or []
            metadata["id_token_signing_alg_values_supported"] = [
                name for name in signed_by if name in ALGORITHMS
            ]
            self._provider = (now, provider)
        return self._provider[1]

    async def _identity(self, request: Request, remembered: SigningIn) -> Identity | None:
        """Who the identity provider says it is; None where it says no.

        Raises:
            ValueError: the answer is another issuer's (RFC 9207), or names nobody as people are named.
        """
        provider = await self._known()
        metadata = provider.server_metadata
        said_by = request.query_params.get("iss")
        must_say = metadata.get("authorization_response_iss_parameter_supported") is True
        if said_by != metadata["issuer"] and (said_by is not None or must_say):
            raise ValueError("the answer is of another issuer")
        if request.query_params.get("error"):
            return None
        request.scope["session"] = dict(remembered.session)
        token = await provider.authorize_access_token(
            request,
            claims_options={
                "iss": {"essential": True, "value": metadata["issuer"]},
                "aud": {"essential": True, "value": provider.client_id},
            },
            claims_cls=self._claims,
        )
        # authlib passes over a missing ID token in silence.
        identity = Identity.of(token["userinfo"], self._shared.settings.groups_claim)
        if max(len(identity.subject), len(identity.email)) > MOST_NAME:
            raise ValueError("the answer names a person by more than a name")
        return identity

    def _claims(
        self,
        claims: dict[str, Any],
        header: dict[str, Any],
        options: Mapping[str, Any],
        params: dict[str, Any],
    ) -> "_IdToken":
        return _IdToken(claims, header, options, {**params, "now": int(self._shared.clock())})

    async def _shown(self, request: Request, waits: Waiting, shows: PersonProof) -> Response:
        if waits.asked is not None:
            onward = consent.address(self._shared, waits.row.id)
            return await waiting.show(self._shared, waits, shows, onward)
        response = sent_on(self._shared.front.url("/connections"))
        await begin_visit(self._shared, request, response, shows)
        return response

    def _failed(self, waits: Waiting, error: Exception) -> Response:
        # The error's text may repeat what the provider or a stranger sent.
        logger.warning("A sign-in failed: %s", type(error).__name__)
        _told(waits, "failed")
        text = (
            "Your organisation’s sign-in could not be reached, or its answer could not be believed. "
            "Try again; if it happens again, tell whoever runs this server."
        )
        return self._page(waits, 502, "The sign-in did not work", text)

    def _page(self, waits: Waiting, status: int, title: str, text: str) -> Response:
        shared = self._shared
        back = (
            shared.front.url("/connections")
            if waits.asked is None
            else consent.address(shared, waits.row.id)
        )
        return pages.error_page(status, title, text, link=(back, "Go back"))


class _IdToken(CodeIDToken):  # type: ignore[misc] # authlib has no types
    """An ID token's claims, checked by the front door's clock."""

    def validate(self, now: int | None = None, leeway: int = 0) -> None:
        """Passes where the claims hold (OpenID Connect Core 1.0, section 3.1.3.7).

        Raises:
            JoseError: they do not.
        """
        del now, leeway
        super().validate(self.params["now"], LEEWAY_SECONDS)


def routes(shared: Shared) -> list[Route]:
    """GET /signin and GET /signin/callback, where an identity provider is set."""
    if not shared.settings.oidc_issuer:
        return []
    sign_in = SignIn(shared)
    return [
        Route("/signin", sign_in.begin, methods=["GET"]),
        Route(CALLBACK, sign_in.finish, methods=["GET"]),
    ]


def _registered(shared: Shared) -> StarletteOAuth2App:
    settings = shared.settings
    secret = settings.oidc_client_secret
    network: dict[str, Any] = {"timeout": ANSWER_SECONDS}
    if shared.identity_transport is not None:
        network["transport"] = shared.identity_transport()
    return OAuth().register(
        "organisation",
        client_id=settings.oidc_client_id,
        client_secret=secret.get_secret_value() if secret else None,
        server_metadata_url=f"{settings.oidc_issuer}/.well-known/openid-configuration",
        client_kwargs={
            "scope": settings.oidc_scopes,
            "code_challenge_method": "S256",
            **network,
        },
    )


def _told(waits: Waiting, outcome: str) -> None:
    asked = waits.asked
    answers.told("sign-in", answers.kind_by(asked.client_host) if asked else "no", outcome)
