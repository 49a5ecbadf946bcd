"""The official Python client signs in to a running server, in both eras and on both databases."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, urlsplit

import httpx2 as httpx
import pytest
from mcp import Client
from mcp.client.auth import OAuthClientProvider
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.auth import (
    AuthorizationCodeResult,
    OAuthClientInformationFull,
    OAuthClientMetadata,
    OAuthToken,
)

from interop.authorizing import Documents, Hosted, Person
from server.doors import MODES, STARTS_IN

pytestmark = pytest.mark.anyio

REDIRECT_URI = "http://127.0.0.1:53682/callback"
READ, WRITE, DELETE = "fullstory:read", "fullstory:write", "fullstory:delete"


class Kept:
    """What a client keeps between its starts."""

    tokens: OAuthToken | None = None
    client: OAuthClientInformationFull | None = None

    async def get_tokens(self) -> OAuthToken | None:
        """The tokens."""
        return self.tokens

    async def set_tokens(self, tokens: OAuthToken) -> None:
        """Keeps tokens."""
        self.tokens = tokens

    async def get_client_info(self) -> OAuthClientInformationFull | None:
        """Who the client is to the server."""
        return self.client

    async def set_client_info(self, client_info: OAuthClientInformationFull) -> None:
        """Keeps who the client is."""
        self.client = client_info


@dataclass
class SignedIn:
    """A client, the person before it, what it keeps, and how it was refused: status and challenge."""

    client: Client
    person: Person
    provider: OAuthClientProvider
    kept: Kept
    refusals: list[tuple[int, str]]

    async def works(self, name: str, **arguments: str) -> bool:
        """Whether a call is answered with data."""
        return not (await self.client.call_tool(name, arguments)).is_error

    def refresh_token(self) -> str:
        """The refresh token as it is now."""
        assert self.kept.tokens is not None
        assert self.kept.tokens.refresh_token is not None
        return self.kept.tokens.refresh_token


@dataclass
class Browser:
    """Where the provider sends the person, and what came back."""

    person: Person
    came_back: dict[str, str] = field(default_factory=dict)

    async def sent(self, url: str) -> None:
        """Goes through the pages behind an authorization URL."""
        location = await self.person.consents(url)
        assert location.startswith(f"{REDIRECT_URI}?")
        self.came_back = dict(parse_qsl(urlsplit(location).query, strict_parsing=True))

    async def answer(self) -> AuthorizationCodeResult:
        """What the redirect URI received."""
        return AuthorizationCodeResult(**self.came_back)


@asynccontextmanager
async def signed_in(
    hosted: Hosted, era: str, document: str | None = None, kept: Kept | None = None
) -> AsyncIterator[SignedIn]:
    """The SDK's client with its OAuth provider; it registers unless it has a `document`."""
    kept = kept or Kept()
    refusals: list[tuple[int, str]] = []

    async def note(answer: httpx.Response) -> None:
        if challenge := answer.headers.get("www-authenticate"):
            refusals.append((answer.status_code, challenge))

    async with httpx.AsyncClient(timeout=STARTS_IN) as web:
        person = Person(web)
        browser = Browser(person)
        provider = OAuthClientProvider(
            hosted.served.mcp,
            OAuthClientMetadata(redirect_uris=[REDIRECT_URI], client_name="Python client"),
            kept,
            browser.sent,
            browser.answer,
            client_metadata_url=document,
        )
        hooks = {"response": [note]}
        async with httpx.AsyncClient(auth=provider, event_hooks=hooks, timeout=STARTS_IN) as http:
            transport = streamable_http_client(hosted.served.mcp, http_client=http)
            async with Client(transport, mode=MODES[era]) as client:
                yield SignedIn(client, person, provider, kept, refusals)


@pytest.mark.parametrize("known_by", ["registration", "document"])
@pytest.mark.parametrize("era", MODES)
async def test_python_client_signs_in_refreshes_and_steps_up(
    hosted: Hosted, documents: Documents, era: str, known_by: str
) -> None:
    """Its person is asked once to read and once for each thing more, and never for a refresh."""
    document = documents.client("/python.json") if known_by == "document" else None
    async with signed_in(hosted, era, document) as session:
        assert await session.works("get_quotas")
        assert session.client.protocol_version == era
        assert session.person.allowed == [[READ]]
        assert (session.kept.client.client_id == document) is (known_by == "document")

        before = session.refresh_token()
        session.provider.context.token_expiry_time = 1.0  # an hour has passed for the client
        assert await session.works("get_quotas")
        assert session.refresh_token() != before
        assert session.person.allowed == [[READ]]

        assert await session.works("create_user", uid=f"interop-{era}-{known_by}")
        assert session.person.allowed == [[READ], [READ, WRITE]]
        assert await session.works("delete_user", uid=f"interop-{era}-{known_by}")  # asks first
        assert session.person.allowed[2:] == [[READ, WRITE, DELETE]]
        assert [status for status, _ in session.refusals] == [401, 403, 403]
        for (_, challenge), wanted in zip(session.refusals, session.person.allowed, strict=True):
            assert f'scope="{" ".join(wanted)}"' in challenge
        assert all("insufficient_scope" in challenge for _, challenge in session.refusals[1:])
        assert session.kept.tokens.scope == f"{READ} {WRITE} {DELETE}"


@pytest.mark.parametrize("era", MODES)
async def test_python_client_starts_again_without_asking(hosted: Hosted, era: str) -> None:
    """What it kept is good for its next start: nobody is asked, nothing is registered anew."""
    kept = Kept()
    async with signed_in(hosted, era, kept=kept) as session:
        assert await session.works("get_quotas")
    known = kept.client.client_id

    async with signed_in(hosted, era, kept=kept) as session:
        assert await session.works("get_quotas")

        assert session.person.allowed == []
        assert session.refusals == []
        assert kept.client.client_id == known
