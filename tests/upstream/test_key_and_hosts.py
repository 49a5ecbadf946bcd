"""Where the key goes: raw, after Basic, to the API's own hosts, and nowhere else."""

import json
from typing import Any

import httpx2 as httpx
import pytest

from fullstory_mcp.catalogue import load_catalogue
from support import connected
from transports import KEY, Api, Reply

pytestmark = pytest.mark.anyio

EXAMPLES = [
    pytest.param(tool.name, example["arguments"], id=f"{tool.name}-{number}")
    for tool in load_catalogue().tools.values()
    for number, example in enumerate(tool.examples)
    if tool.http
]
EXPORT_TOOLS = {"list_event_exports", "get_event_export"}
HOSTS = {
    "FULLSTORY_API_URL": "https://api.example.com",
    "FULLSTORY_EXPORT_URL": "https://export.example.com",
}
REGIONS = ["na1.Zq8Xw3Lm9TkVb7", "eu1.Zq8Xw3Lm9TkVb7", "ap9.Zq8Xw3Lm9TkVb7", "Zq8Xw3Lm9TkVb7Np2"]

each_example = pytest.mark.parametrize(("tool", "arguments"), EXAMPLES)


@each_example
async def test_every_request_carries_the_raw_key_after_basic(
    tool: str, arguments: dict[str, Any]
) -> None:
    """The header is the word Basic and the key itself: not base64, not Bearer, not twice."""
    async with connected() as server:
        await server.confirmed(tool, **arguments)

        sent = [request.headers["authorization"] for request in server.sandbox.requests]
        assert set(sent) == {"Basic na1.sandbox-admin"}


@each_example
async def test_only_the_legacy_exports_go_to_their_own_host(
    tool: str, arguments: dict[str, Any]
) -> None:
    """Every endpoint but two is called at FULLSTORY_API_URL, and those two at the export host."""
    api = Api(Reply("{}"))
    async with connected(transport=api, FULLSTORY_API_KEY=KEY, **HOSTS) as server:
        await server.confirmed(tool, **arguments)

    host = "export.example.com" if tool in EXPORT_TOOLS else "api.example.com"
    assert {request.url.host for request in [*api.requests, *api.asked_for_role]} <= {
        host,
        "api.example.com",
    }
    assert {request.url.host for request in api.requests} == ({host} if tool != "get_me" else set())


@pytest.mark.parametrize("key", REGIONS)
async def test_prefix_of_the_key_routes_nothing(key: str) -> None:
    """One base URL serves every region: the prefix is shown to people and decides no host."""
    api = Api()
    async with connected(transport=api, FULLSTORY_API_KEY=key, **HOSTS) as server:
        await server.data("get_quotas")

    assert api.urls() == ["https://api.example.com/v2/organization/quotas"]
    assert api.requests[0].headers["authorization"] == f"Basic {key}"


async def test_url_with_a_path_and_a_trailing_slash_is_kept_as_the_base() -> None:
    """A gateway below a path works, and no slash is doubled."""
    api = Api()
    gateway = {"FULLSTORY_API_URL": "https://gateway.example.com/fullstory/"}
    async with connected(transport=api, FULLSTORY_API_KEY=KEY, **gateway) as server:
        await server.data("get_quotas")

    assert api.urls() == ["https://gateway.example.com/fullstory/v2/organization/quotas"]


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("tool", ["get_quotas", "create_event", "get_event_export"])
async def test_redirect_is_an_error_and_nothing_follows_it(tool: str, status: int) -> None:
    """The key is not carried to where a redirect points, not even to the same host."""
    arguments = {"create_event": {"name": "Paid"}, "get_event_export": {"id": "1"}}.get(tool, {})
    api = Api(Reply("", status, {"Location": "https://elsewhere.example.net/steal"}))
    async with connected(transport=api, FULLSTORY_API_KEY=KEY, **HOSTS) as server:
        text = await server.error(tool, **arguments)

    assert text == (
        f"The address answered with a redirect ({status}), which is never followed with the key. "
        "Check FULLSTORY_API_URL."
    )
    assert len(api.requests) == 1


async def test_redirect_of_the_role_is_not_followed_either() -> None:
    """The first question a server asks is as careful as every other."""

    class Moved(Api):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            self.asked_for_role.append(request)
            return httpx.Response(302, headers={"Location": "https://elsewhere.example.net/me"})

    api = Moved()
    async with connected(transport=api, FULLSTORY_API_KEY=KEY, **HOSTS) as server:
        await server.names()

    assert [str(request.url) for request in api.asked_for_role] == ["https://api.example.com/me"]


async def test_requests_name_the_integration_and_ask_for_json() -> None:
    """Fullstory can tell our calls apart, and nothing else about the caller is sent along."""
    api = Api()
    async with connected(transport=api, FULLSTORY_API_KEY=KEY, **HOSTS) as server:
        await server.data("create_annotation", text="Release")

    headers = dict(api.requests[0].headers)
    assert headers == {
        "host": "api.example.com",
        "integration-source": "fullstory-mcp",
        "content-type": "application/json",
        "authorization": f"Basic {KEY}",
        "accept": "application/json",
        "accept-encoding": "gzip",
        "user-agent": "fullstory-mcp",
        "content-length": str(len(b'{"text":"Release"}')),
    }
    assert json.loads(api.requests[0].content) == {"text": "Release"}


async def test_cookies_of_the_api_are_not_kept() -> None:
    """Nothing of one answer is sent with the next request."""
    api = Api(Reply("{}", 200, {"Set-Cookie": "session=1; Domain=example.com; Path=/"}))
    async with connected(transport=api, FULLSTORY_API_KEY=KEY, **HOSTS) as server:
        await server.data("get_quotas")
        await server.data("get_quotas")

    assert "cookie" not in api.requests[1].headers
