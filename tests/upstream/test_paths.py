"""How arguments become a path and a query: each part encoded whole, nothing more and nothing less."""

from typing import Any

import pytest

from support import connected

pytestmark = pytest.mark.anyio

PATHS: list[tuple[str, dict[str, Any], str]] = [
    (
        "get_session_events",
        {"session_id": "6152388101963776:4823597165576192"},
        "/v2/sessions/6152388101963776%3A4823597165576192/events",
    ),
    (
        "get_webhook_endpoint",
        {"id": "aHR0cHM6Ly9ob29rcy5leGFtcGxlLmNvbS9hbGVydHM/Pj4+PT8/Pw=="},
        "/webhooks/v1/endpoints/aHR0cHM6Ly9ob29rcy5leGFtcGxlLmNvbS9hbGVydHM%2FPj4%2BPT8%2FPw%3D%3D",
    ),
    ("get_user", {"id": "two words"}, "/v2/users/two%20words"),
    ("get_user", {"id": "a?b#c&d;e+f"}, "/v2/users/a%3Fb%23c%26d%3Be%2Bf"),
    ("get_user", {"id": "Žofie@example.com"}, "/v2/users/%C5%BDofie%40example.com"),
    ("get_user", {"id": "-._~"}, "/v2/users/-._~"),
    (
        "get_webhook_event_sample",
        {"event_name": "nativemobile.event.crash"},
        "/webhooks/v1/event-types/nativemobile.event.crash/sample",
    ),
]

QUERIES: list[tuple[str, dict[str, Any], str]] = [
    (
        "list_sessions",
        {"uid": "a&b=c d+e", "limit": "5"},
        "uid=a%26b%3Dc%20d%2Be&limit=5",
    ),
    ("list_users", {"email": "x+y@example.com"}, "email=x%2By%40example.com"),
    ("list_users", {"is_identified": False, "include_schema": True},
     "is_identified=false&include_schema=true"),
    ("list_users", {}, ""),
    ("delete_user", {"uid": "../users"}, "uid=..%2Fusers"),
    ("list_event_exports", {"start": 0}, "start=0"),
    ("list_segments", {"limit": 20.0}, "limit=20"),
]  # fmt: skip


@pytest.mark.parametrize(("tool", "arguments", "path"), PATHS)
async def test_path_part_is_encoded_whole(tool: str, arguments: dict[str, Any], path: str) -> None:
    """What an id holds can never become a slash, a query or a fragment of the address."""
    async with connected() as server:
        await server.call(tool, **arguments)

        assert server.sandbox.requests[-1].path == path


@pytest.mark.parametrize(("tool", "arguments", "query"), QUERIES)
async def test_query_holds_the_given_arguments_and_nothing_else(
    tool: str, arguments: dict[str, Any], query: str
) -> None:
    """Values are encoded, booleans and whole numbers are written as the API reads them."""
    async with connected() as server:
        await server.confirmed(tool, **arguments)

        assert server.sandbox.requests[-1].query == query


@pytest.mark.parametrize(
    "url",
    [
        "https://app.fullstory.com/ui/o-ABC123-na1/session/6152388101963776:4823597165576192",
        "https://app.fullstory.com/ui/o-ABC123-na1/session/6152388101963776%3A4823597165576192",
        "https://app.eu1.fullstory.com/ui/o-ABC123-eu1/session/6152388101963776:4823597165576192/",
        "https://app.fullstory.com/ui/ABC/client-session/6152388101963776:4823597165576192?x=1#t=5",
        "  https://app.fullstory.com/ui/ABC/session/6152388101963776:4823597165576192\n",
    ],
)
async def test_replay_link_stands_for_the_session_in_it(url: str) -> None:
    """A link copied from Fullstory's own player can be given wherever a session id can."""
    async with connected() as server:
        await server.call("generate_context", session_id=url)

        assert server.sent() == ["POST /v2/sessions/6152388101963776%3A4823597165576192/context"]


async def test_body_holds_what_was_given_and_nothing_is_added() -> None:
    """Optional fields that the caller left out are not filled in; ours never reach the API."""
    async with connected() as server:
        await server.call("update_user", id="5721348069376000", display_name="Mira Osei")
        await server.call("create_user", uid="cust-1", idempotency_key="once", email="")

        bodies = [request.body for request in server.sandbox.requests[-2:]]
        assert bodies == [b'{"display_name":"Mira Osei"}', b'{"uid":"cust-1","email":""}']


async def test_method_without_a_body_sends_none() -> None:
    """A GET, a DELETE and a cancellation carry no body and no content type."""
    async with connected() as server:
        await server.call("get_user", id="1")
        await server.confirmed("delete_user", id="1")
        await server.call("cancel_operation", id="1")

        for wanted in ("GET /v2/users/1", "DELETE /v2/users/1", "POST /operations/v1/1/cancel"):
            request = next(
                one for one in server.sandbox.requests if f"{one.method} {one.path}" == wanted
            )
            assert request.body == b""
            assert "content-type" not in request.headers
