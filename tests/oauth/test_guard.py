"""What stands before /mcp: who is let in, what a refusal tells a client, and what no header can do."""

import json

import pytest

from fullstory_mcp.sandbox import Fault
from oauth.harness import PUBLIC_URL, hosting, result_of

pytestmark = pytest.mark.anyio

METADATA = f'resource_metadata="{PUBLIC_URL}/.well-known/oauth-protected-resource/mcp"'


def headers(token: str, **more: str) -> dict[str, str]:
    """A handshake-era request's headers, with `more` under names that have no dash in Python."""
    return {
        "Accept": "application/json, text/event-stream",
        "MCP-Protocol-Version": "2025-11-25",
        "Authorization": f"Bearer {token}",
        **{name.replace("_", "-"): value for name, value in more.items()},
    }


def calling(name: str, **arguments: object) -> dict[str, object]:
    """A tools/call of the handshake era."""
    params = {"name": name, "arguments": arguments}
    return {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}


async def test_a_caller_without_a_token_is_told_where_to_sign_in_and_what_to_ask_for() -> None:
    """No token is no error: the challenge names the metadata and the first scopes alone."""
    async with hosting() as door:
        answer = await door.mcp(None, "tools/list")
    assert answer.status_code == 401
    challenge = answer.headers["www-authenticate"]
    assert challenge.startswith("Bearer ")
    assert METADATA in challenge
    assert 'scope="fullstory:read"' in challenge
    assert "error=" not in challenge
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    "token", ["nonsense", "fsmcp_at_" + "a" * 43, "a" * 5_000, "é", "a b", "'; DROP TABLE tokens"]
)
async def test_a_token_that_is_not_ours_is_told_as_invalid(token: str) -> None:
    """Whatever a stranger sends as a token leads to invalid_token, and is not repeated."""
    async with hosting() as door:
        answer = await door.client.post(
            "/mcp", headers=[(b"authorization", f"Bearer {token}".encode())], content=b"{}"
        )
    assert answer.status_code == 401
    assert 'error="invalid_token"' in answer.headers["www-authenticate"]
    assert token not in answer.text + answer.headers["www-authenticate"]


async def test_a_token_counts_only_in_its_header_and_only_once() -> None:
    """A token in the query is not looked at, and two headers are refused rather than chosen from."""
    async with hosting() as door:
        token = (await door.connect())["access_token"]
        in_query = await door.client.post(f"/mcp?access_token={token}", json={})
        doubled = await door.client.post(
            "/mcp", json={}, headers=[("Authorization", f"Bearer {token}")] * 2
        )
        basic = await door.client.post("/mcp", json={}, headers={"Authorization": f"Basic {token}"})
    assert [in_query.status_code, doubled.status_code, basic.status_code] == [401, 400, 401]


async def test_a_page_of_another_origin_may_not_call_even_with_a_token() -> None:
    """Origin is checked before the token; the public origin itself may call."""
    async with hosting() as door:
        token = (await door.connect())["access_token"]
        codes = {}
        for origin in ("https://evil.example", "null", PUBLIC_URL):
            given = headers(token, Origin=origin)
            answer = await door.client.post("/mcp", json=calling("get_me"), headers=given)
            codes[origin] = answer.status_code
    assert codes == {"https://evil.example": 403, "null": 403, PUBLIC_URL: 200}


async def test_a_call_is_answered_with_the_key_of_the_one_who_connected() -> None:
    """Two people on one server each reach Fullstory with their own key, and at its level."""
    async with hosting() as door:
        least = await door.connect(key="na1.sandbox-standard")
        most = await door.connect(key="na1.sandbox-admin")
        roles = [
            result_of(await door.call(tokens["access_token"], "get_me"))["structuredContent"][
                "role"
            ]
            for tokens in (least, most, least)
        ]
        lists = [
            {
                tool["name"]
                for tool in result_of(await door.mcp(one["access_token"], "tools/list"))["tools"]
            }
            for one in (least, most)
        ]
    assert roles == ["USER", "ADMIN", "USER"]
    assert "delete_webhook_endpoint" in lists[1] - lists[0]


@pytest.mark.parametrize("era", ["2026-07-28", "2025-11-25"])
@pytest.mark.parametrize(
    ("tool", "arguments", "scopes"),
    [
        ("create_user", {"uid": "u-1"}, "fullstory:read fullstory:write"),
        ("delete_user", {"id": "1"}, "fullstory:read fullstory:delete"),
    ],
)
async def test_a_call_beyond_what_was_granted_is_a_challenge_for_all_it_needs(
    era: str, tool: str, arguments: dict[str, object], scopes: str
) -> None:
    """HTTP 403 names what is granted and what is missing, so that a client can ask for both at once."""
    async with hosting() as door:
        token = (await door.connect(scope="fullstory:read", grant="fullstory:read"))["access_token"]
        if era == "2026-07-28":
            answer = await door.call(token, tool, **arguments)
        else:
            body = calling(tool, **arguments)
            answer = await door.client.post("/mcp", json=body, headers=headers(token))
        sent = [request.path for request in door.sandbox.requests if request.method != "GET"]
    assert answer.status_code == 403
    challenge = answer.headers["www-authenticate"]
    assert 'error="insufficient_scope"' in challenge
    assert f'scope="{scopes}"' in challenge
    assert METADATA in challenge
    assert sent == []


@pytest.mark.parametrize(
    "lies",
    [
        {"Mcp_Method": "ping"},
        {"Mcp_Method": "tools/list", "Mcp_Name": "get_me"},
        {"Mcp_Name": "=?base64?Z2V0X21l?="},
    ],
)
async def test_no_header_talks_a_call_past_its_scope(lies: dict[str, str]) -> None:
    """The body decides: headers that name another method or tool change nothing."""
    async with hosting() as door:
        token = (await door.connect(scope="fullstory:read", grant="fullstory:read"))["access_token"]
        answer = await door.client.post(
            "/mcp", json=calling("create_user", uid="u-1"), headers=headers(token, **lies)
        )
        assert answer.status_code == 403
        assert not [one for one in door.sandbox.requests if one.method == "POST"]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{",
        b'{"method": "tools/call"}',
        b'{"method": "tools/call", "params": {"name": ["create_user"]}}',
        b'[{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"create_user"}}]',
        (
            b'{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"create_user","arguments":'
            b'{"uid":"u-1"}},"method":"ping"}'
        ),
        json.dumps(calling("create_user", uid="u-1")).encode("utf-16"),
        json.dumps(calling("create_user", uid="u-1"))
        .replace("tools/call", "tools\\u002fcall")
        .encode(),
    ],
)
async def test_a_body_that_cannot_be_read_writes_nothing(body: bytes) -> None:
    """Odd bodies never become a write that was not granted, whoever reads them."""
    async with hosting() as door:
        token = (await door.connect(scope="fullstory:read", grant="fullstory:read"))["access_token"]
        given = {**headers(token), "Content-Type": "application/json"}
        answer = await door.client.post("/mcp", content=body, headers=given)
        assert answer.status_code < 500
        assert not [one for one in door.sandbox.requests if one.method == "POST"]


async def test_what_was_not_asked_for_is_listed_and_what_was_withheld_is_not() -> None:
    """A client sees tools that it could still be allowed, not those that its person refused."""
    async with hosting() as door:
        asked_little = await door.connect(scope="fullstory:read", grant="fullstory:read")
        given_little = await door.connect(grant="fullstory:read")
        lists = [
            {
                tool["name"]
                for tool in result_of(await door.mcp(one["access_token"], "tools/list"))["tools"]
            }
            for one in (asked_little, given_little)
        ]
        refused = await door.call(given_little["access_token"], "create_user", uid="u-1")
    assert "create_user" in lists[0]
    assert "delete_user" in lists[0]
    assert not {"create_user", "delete_user"} & lists[1]
    assert refused.status_code == 403


async def test_after_asking_for_more_the_same_call_is_made() -> None:
    """Stepping up: a new consent with the wider scope lets the refused call through."""
    async with hosting() as door:
        first = await door.connect(scope="fullstory:read", grant="fullstory:read")
        assert (await door.call(first["access_token"], "create_user", uid="u-1")).status_code == 403
        both = "fullstory:read fullstory:write"
        given = await door.consented(first["client_id"], scope=both, grant=both)
        more = (await door.redeemed(first["client_id"], given["code"])).json()
        answer = await door.call(more["access_token"], "create_user", uid="u-1")
    assert more["scope"] == both
    assert not result_of(answer)["isError"]


async def test_an_ended_connection_is_refused_within_seconds() -> None:
    """A revoked token still held in memory is looked up again after two seconds."""
    async with hosting() as door:
        tokens = await door.connect()
        assert (await door.call(tokens["access_token"], "get_me")).status_code == 200
        revoked = await door.client.post(
            "/revoke", data={"token": tokens["refresh_token"], "client_id": tokens["client_id"]}
        )
        door.clock.time += 2.5
        answer = await door.call(tokens["access_token"], "get_me")
    assert revoked.status_code == 200
    assert answer.status_code == 401


async def test_an_access_token_ends_with_its_time() -> None:
    """After its minutes a token is expired, also where it was just used."""
    async with hosting(FULLSTORY_MCP_ACCESS_MINUTES="1") as door:
        token = (await door.connect())["access_token"]
        door.clock.time += 59
        before = await door.call(token, "get_me")
        door.clock.time += 1.5
        after = await door.call(token, "get_me")
    assert [before.status_code, after.status_code] == [200, 401]


@pytest.mark.parametrize(
    ("setting", "told"),
    [
        ("FULLSTORY_MCP_CLIENT_CALLS_PER_MINUTE", "this connection"),
        ("FULLSTORY_MCP_KEY_CALLS_PER_MINUTE", "this Fullstory key"),
    ],
)
async def test_too_many_requests_are_told_how_long_to_wait(setting: str, told: str) -> None:
    """429 states the seconds after which the next request is in fact answered."""
    async with hosting(**{setting: "3"}) as door:
        token = (await door.connect())["access_token"]
        codes = [(await door.call(token, "get_me")).status_code for _ in range(3)]
        refused = await door.call(token, "get_me")
        door.clock.time += int(refused.headers["retry-after"])
        again = await door.call(token, "get_me")
    assert codes == [200, 200, 200]
    assert refused.status_code == 429
    assert told in refused.json()["error_description"]
    assert again.status_code == 200


async def test_a_refused_key_is_told_with_the_way_to_mend_it() -> None:
    """When Fullstory refuses the key after the consent, call and connections page say what to do."""
    async with hosting() as door:
        token = (await door.connect())["access_token"]
        door.sandbox.faults.add(Fault(status=401))
        answer = result_of(await door.call(token, "get_quotas"))
        page = await door.client.get("/connections")
    text = answer["content"][0]["text"]
    assert answer["isError"]
    assert f"{PUBLIC_URL}/connections" in text
    assert "connect again" in text
    assert "no longer accepts" in page.text
