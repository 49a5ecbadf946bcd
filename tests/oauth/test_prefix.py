"""A public URL with a path: everything is named by it, whether or not the proxy passes the path on."""

import pytest

from oauth.harness import hosting, result_of

pytestmark = pytest.mark.anyio

PUBLIC = "https://example.com/tools/fullstory"


@pytest.mark.parametrize("passed_on", [True, False])
async def test_the_whole_way_works_under_a_path(passed_on: bool) -> None:
    """From the challenge to the call, every address is the public one, and both kinds of proxy do."""
    prefix = "/tools/fullstory" if passed_on else ""
    async with hosting(FULLSTORY_MCP_PUBLIC_URL=PUBLIC) as door:

        async def get(path: str) -> dict[str, object]:
            answer = await door.client.get(f"https://example.com{path}")
            assert answer.status_code == 200, path
            return answer.json()

        refused = await door.client.post(f"https://example.com{prefix}/mcp", json={})
        challenge = refused.headers["www-authenticate"]
        resource = await get("/.well-known/oauth-protected-resource/tools/fullstory/mcp")
        server = await get("/.well-known/oauth-authorization-server/tools/fullstory")
        appended = await get(f"{prefix}/.well-known/openid-configuration")
        tokens = await door.connect()
        answer = await door.call(tokens["access_token"], "get_me")
    place = "https://example.com/.well-known/oauth-protected-resource/tools/fullstory/mcp"
    assert f'resource_metadata="{place}"' in challenge
    assert resource["resource"] == f"{PUBLIC}/mcp"
    assert resource["authorization_servers"] == [PUBLIC]
    assert server["issuer"] == PUBLIC
    assert server["authorization_endpoint"] == f"{PUBLIC}/authorize"
    assert appended == server
    assert not result_of(answer)["isError"]
