"""The whole hosted server in process: front door, guard, MCP, and the sandbox behind it.

A browser is an HTTP client with cookies; nothing here knows what a test wants to prove.
"""

import base64
import contextlib
import hashlib
import html
import re
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2 as httpx
from starlette.types import ASGIApp

from fullstory_mcp.oauth.model import Shared
from fullstory_mcp.sandbox import create_app
from fullstory_mcp.server.http import application
from fullstory_mcp.settings import Settings
from fullstory_mcp.storage import migrate
from fullstory_mcp.wiring import SANDBOX_URL, Hosted, Seams, hosted
from support import Clock

PUBLIC_URL = "https://mcp.example.com"
SECRET_KEY = base64.b64encode(b"k" * 32).decode()
OTHER_SECRET_KEY = base64.b64encode(b"o" * 32).decode()

REDIRECT_URI = "http://127.0.0.1:53682/callback"
VERIFIER = "v" * 43 + "-PKCE_verifier.~1"
CHALLENGE = (
    base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
)

ALL_SCOPES = "fullstory:read fullstory:write fullstory:delete"
KEY = "na1.sandbox-admin"


@dataclass
class Door:
    """A running hosted server and a browser before it; `parts` is what wiring made."""

    client: httpx.AsyncClient
    app: ASGIApp
    parts: Hosted
    clock: Clock
    sandbox: Any
    public_url: str = PUBLIC_URL

    @property
    def shared(self) -> Shared:
        """What the front door's rooms share."""
        return self.parts.door.shared

    def browser(self) -> httpx.AsyncClient:
        """Another browser, without cookies."""
        return _browser(self.app, self.public_url)

    async def registered(self, **metadata: Any) -> dict[str, Any]:
        """A client that registered itself; a public one on loopback unless `metadata` says else."""
        given = {
            "redirect_uris": [REDIRECT_URI],
            "token_endpoint_auth_method": "none",
            "client_name": "Test client",
            **metadata,
        }
        answer = await self.client.post("/register", json=given)
        assert answer.status_code == 201, answer.text
        return answer.json()

    def question(self, client_id: str, **parameters: str | None) -> dict[str, str]:
        """An authorization request's parameters; one given as None is left out."""
        usual: dict[str, str | None] = {
            "response_type": "code",
            "client_id": client_id,
            "redirect_uri": REDIRECT_URI,
            "state": "state-1",
            "scope": ALL_SCOPES,
            "resource": f"{self.public_url}/mcp",
            "code_challenge": CHALLENGE,
            "code_challenge_method": "S256",
        }
        return {name: value for name, value in (usual | parameters).items() if value is not None}

    async def consented(
        self,
        client_id: str,
        *,
        key: str = KEY,
        grant: str = ALL_SCOPES,
        browser: httpx.AsyncClient | None = None,
        **parameters: str | None,
    ) -> dict[str, str]:
        """What the client's redirect URI receives after a person pasted `key` and allowed `grant`."""
        browser = browser or self.client
        page = await browser.get("/authorize", params=self.question(client_id, **parameters))
        page = await _followed(browser, page)
        page = await submitted(browser, page, {"api_key": key})
        page = await _followed(browser, page)
        answer = await submitted(browser, page, {"scope": grant.split()}, button="allow")
        return redirected(answer)

    async def token(self, **form: str) -> httpx.Response:
        """The token endpoint's answer."""
        return await self.client.post("/token", data=form)

    async def redeemed(self, client_id: str, code: str, **form: str) -> httpx.Response:
        """The token endpoint's answer to a code."""
        given = {
            "grant_type": "authorization_code",
            "client_id": client_id,
            "code": code,
            "redirect_uri": REDIRECT_URI,
            "code_verifier": VERIFIER,
            "resource": f"{self.public_url}/mcp",
            **form,
        }
        return await self.token(**given)

    async def connect(
        self, *, key: str = KEY, grant: str = ALL_SCOPES, **parameters: str | None
    ) -> dict[str, Any]:
        """Tokens of a new connection, with `client_id` beside them."""
        client = await self.registered()
        given = await self.consented(client["client_id"], key=key, grant=grant, **parameters)
        answer = await self.redeemed(client["client_id"], given["code"])
        assert answer.status_code == 200, answer.text
        return {**answer.json(), "client_id": client["client_id"]}

    async def call(self, token: str | None, name: str, /, **arguments: Any) -> httpx.Response:
        """The HTTP answer to one tools/call in the newer era."""
        return await self.mcp(token, "tools/call", name=name, arguments=arguments)

    async def mcp(self, token: str | None, method: str, **params: Any) -> httpx.Response:
        """The HTTP answer to one MCP request in the newer era."""
        meta = {
            "io.modelcontextprotocol/protocolVersion": "2026-07-28",
            "io.modelcontextprotocol/clientCapabilities": {},
        }
        headers = {
            "Accept": "application/json, text/event-stream",
            "MCP-Protocol-Version": "2026-07-28",
            "Mcp-Method": method,
            **({"Mcp-Name": params["name"]} if "name" in params else {}),
            **({"Authorization": f"Bearer {token}"} if token else {}),
        }
        body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": {**params, "_meta": meta}}
        return await self.client.post("/mcp", json=body, headers=headers)


def result_of(answer: httpx.Response) -> dict[str, Any]:
    """The result in an MCP answer, plain or as an event stream."""
    import json

    text = answer.text
    if answer.headers["content-type"].startswith("text/event-stream"):
        text = next(line[5:] for line in text.splitlines() if line.startswith("data:"))
    message = json.loads(text)
    assert "result" in message, message
    return message["result"]


def redirected(answer: httpx.Response) -> dict[str, str]:
    """The parameters that a redirect carries."""
    assert answer.status_code in {302, 303}, answer.text
    query = parse_qs(urlsplit(answer.headers["location"]).query, strict_parsing=True)
    return {name: values[0] for name, values in query.items()}


@dataclass
class Form:
    """A form of a page: where it goes, what it sends by itself, and its buttons."""

    action: str
    hidden: dict[str, str] = field(default_factory=dict)


def form_on(page: httpx.Response, holding: str = "") -> Form:
    """The first form of a page whose source holds a text.

    Raises:
        AssertionError: there is none.
    """
    for found in re.finditer(r"<form[^>]*>.*?</form>", page.text, re.DOTALL):
        if holding in found[0]:
            action = re.search(r'action="([^"]*)"', found[0])
            hidden = {}
            for tag in re.findall(r"<input[^>]*>", found[0]):
                parts = dict(re.findall(r'([a-z-]+)="([^"]*)"', tag))
                if parts.get("type") == "hidden":
                    hidden[parts["name"]] = html.unescape(parts.get("value", ""))
            return Form(html.unescape(action[1]) if action else str(page.url), hidden)
    raise AssertionError(f"no form with {holding!r} on the page:\n{page.text}")


async def submitted(
    browser: httpx.AsyncClient,
    page: httpx.Response,
    fields: dict[str, Any],
    *,
    button: str = "",
    holding: str = "",
) -> httpx.Response:
    """What comes of sending a page's form with `fields` filled in and `button` pressed."""
    form = form_on(page, holding or (f'value="{button}"' if button else next(iter(fields), "")))
    pressed = {}
    if button:
        tag = next(t for t in re.findall(r"<button[^>]*>", page.text) if f'value="{button}"' in t)
        pressed = {dict(re.findall(r'([a-z-]+)="([^"]*)"', tag))["name"]: button}
    target = str(page.url.join(form.action))
    return await browser.post(target, data={**form.hidden, **fields, **pressed})


async def _followed(browser: httpx.AsyncClient, page: httpx.Response) -> httpx.Response:
    """The page behind redirects of our own."""
    while page.status_code in {302, 303}:
        page = await browser.get(str(page.url.join(page.headers["location"])))
    assert page.status_code == 200, page.text
    return page


followed = _followed


def _browser(app: ASGIApp, public_url: str) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url=public_url)


@asynccontextmanager
async def hosting(  # noqa: PLR0913 - each is one thing that a test may want otherwise
    database_url: str | None = None,
    *,
    folder: Path | None = None,
    access: str | None = None,
    outside: Callable[[], httpx.AsyncBaseTransport] | None = None,
    resolve: Callable[[str, int], Awaitable[list[str]]] | None = None,
    transport: httpx.AsyncBaseTransport | None = None,
    clock: Clock | None = None,
    **settings: Any,
) -> AsyncIterator[Door]:
    """A hosted server; without `database_url` on a SQLite file in `folder`, migrated here.

    `access` is the text of an access file; `settings` are given by their environment names.
    """
    clock = clock or Clock()
    api = create_app(clock=clock)
    seam = transport or httpx.ASGITransport(app=api)
    with contextlib.ExitStack() as stack:
        if folder is None:
            import tempfile

            folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        if access is not None:
            (folder / "access.toml").write_text(access)
            settings["FULLSTORY_MCP_ACCESS_FILE"] = str(folder / "access.toml")
        given = {
            "FULLSTORY_MCP_PUBLIC_URL": PUBLIC_URL,
            "FULLSTORY_MCP_SECRET_KEYS": SECRET_KEY,
            "FULLSTORY_MCP_DATABASE_URL": database_url
            or f"sqlite:///{folder}/{secrets.token_hex(4)}.db",
            "FULLSTORY_API_URL": SANDBOX_URL,
            "FULLSTORY_EXPORT_URL": SANDBOX_URL,
            **settings,
        }
        seams = Seams(
            lambda: seam,
            clock=clock,
            monotonic=clock,
            sleep=clock.sleep,
            outside=outside,
            resolve=resolve,
        )
        async with hosted(Settings.read(**given), seams) as parts:
            if database_url is None:
                migrate.upgrade(parts.door.shared.database)
            await parts.door.check()
            app = application(parts.server, parts.door.ready, parts.door)
            async with running(app), _browser(app, given["FULLSTORY_MCP_PUBLIC_URL"]) as client:
                yield Door(
                    client,
                    app,
                    parts,
                    clock,
                    api.state.sandbox,
                    given["FULLSTORY_MCP_PUBLIC_URL"].rstrip("/"),
                )


@asynccontextmanager
async def running(app: ASGIApp) -> AsyncIterator[None]:
    """An ASGI application between its start-up and its shut-down."""
    import anyio

    to_app, from_test = anyio.create_memory_object_stream[dict[str, str]](2)
    told, tells = anyio.create_memory_object_stream[dict[str, str]](2)
    async with anyio.create_task_group() as tasks, to_app, from_test, told, tells:
        tasks.start_soon(app, {"type": "lifespan", "asgi": {}}, from_test.receive, told.send)
        await to_app.send({"type": "lifespan.startup"})
        assert (await tells.receive())["type"] == "lifespan.startup.complete"
        yield
        await to_app.send({"type": "lifespan.shutdown"})
        assert (await tells.receive())["type"] == "lifespan.shutdown.complete"
