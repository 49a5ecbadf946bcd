"""What a client reads first, wherever it looks for it."""

from pathlib import Path

import pytest
from authlib.oauth2 import rfc8414, rfc9207

from oauth.harness import hosting

pytestmark = pytest.mark.anyio

PREFIXED = "https://example.com/tools/fullstory"
WELL_KNOWN = "/.well-known"

RESOURCE_PLACES = [
    "/.well-known/oauth-protected-resource",
    "/.well-known/oauth-protected-resource/mcp",
]
SERVER_PLACES = [
    f"{start}/.well-known/{name}{end}"
    for name in ("oauth-authorization-server", "openid-configuration")
    for start, end in (("", ""), ("", "/mcp"), ("/mcp", ""))
]


@pytest.mark.parametrize("path", RESOURCE_PLACES)
async def test_the_resource_names_its_authorization_server(path: str) -> None:
    """RFC 9728; some clients look at the root alone, others where the path is inserted."""
    async with hosting() as door:
        answer = await door.client.get(path)

    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    assert answer.json() == {
        "resource": "https://mcp.example.com/mcp",
        "authorization_servers": ["https://mcp.example.com"],
        "scopes_supported": ["fullstory:read", "fullstory:write", "fullstory:delete"],
        "bearer_methods_supported": ["header"],
        "resource_name": "Fullstory",
    }


@pytest.mark.parametrize("path", SERVER_PLACES)
async def test_the_authorization_server_says_what_it_can(path: str) -> None:
    """RFC 8414 and its OpenID alias: sound by authlib's own check, with what clients insist on."""
    async with hosting() as door:
        answer = await door.client.get(path)

    assert answer.status_code == 200
    document = rfc8414.AuthorizationServerMetadata(answer.json())
    document.validate(metadata_classes=[rfc9207.AuthorizationServerMetadata])
    assert document["issuer"] == "https://mcp.example.com"
    assert document["code_challenge_methods_supported"] == ["S256"]
    assert document["client_id_metadata_document_supported"] is True
    assert document["authorization_response_iss_parameter_supported"] is True
    assert document["response_types_supported"] == ["code"]
    assert document["grant_types_supported"] == ["authorization_code", "refresh_token"]
    methods = {"none", "client_secret_basic", "client_secret_post", "private_key_jwt"}
    assert set(document["token_endpoint_auth_methods_supported"]) == methods
    assert set(document["revocation_endpoint_auth_methods_supported"]) == methods
    algorithms = document["token_endpoint_auth_signing_alg_values_supported"]
    assert "none" not in algorithms
    assert not any(name.startswith("HS") for name in algorithms)


async def test_every_endpoint_that_is_named_is_there() -> None:
    """A document that names what does not exist would send clients astray."""
    async with hosting() as door:
        document = (await door.client.get("/.well-known/oauth-authorization-server")).json()
        for name, url in document.items():
            if name.endswith("_endpoint"):
                assert url.startswith("https://mcp.example.com/")
                assert (await door.client.post(url)).status_code not in {404, 405}, name


@pytest.mark.parametrize("name", ["oauth-protected-resource", "oauth-authorization-server"])
async def test_behind_a_path_the_documents_are_where_that_path_is_inserted(name: str) -> None:
    """And, as the proxy takes the prefix away or leaves it, where it is appended."""
    places = [
        f"/.well-known/{name}/tools/fullstory",
        f"/.well-known/{name}/tools/fullstory/mcp",
        f"/.well-known/{name}",
        f"/tools/fullstory/.well-known/{name}",
    ]
    async with hosting(FULLSTORY_MCP_PUBLIC_URL=PREFIXED) as door:
        answers = [await door.client.get(f"https://example.com{place}") for place in places]

    assert [answer.status_code for answer in answers] == [200] * len(places)
    document = answers[0].json()
    assert all(answer.json() == document for answer in answers)
    assert PREFIXED in {document.get("issuer"), *document.get("authorization_servers", [])}


async def test_with_another_authorization_server_only_the_resource_is_described(
    tmp_path: Path,
) -> None:
    """It names that server, and nothing here hands out tokens."""
    async with hosting(
        folder=tmp_path,
        access="",
        FULLSTORY_MCP_AUTH="external",
        FULLSTORY_MCP_TOKEN_ISSUER="https://id.example.com",
    ) as door:
        resource = await door.client.get("/.well-known/oauth-protected-resource")
        others = [
            await door.client.get(path)
            for path in (*SERVER_PLACES, "/authorize", "/token", "/register", "/revoke")
        ]

    assert resource.json()["authorization_servers"] == ["https://id.example.com"]
    assert resource.json()["resource"] == "https://mcp.example.com/mcp"
    assert {answer.status_code for answer in others} == {404}


@pytest.mark.parametrize(
    "path", [RESOURCE_PLACES[0], SERVER_PLACES[0], "/token", "/register", "/revoke"]
)
async def test_a_page_of_any_site_may_ask_without_cookies(path: str) -> None:
    """Clients that run in a browser ask beforehand; credentials of a browser are never allowed."""
    headers = {
        "Origin": "https://inspector.example.com",
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization,content-type,mcp-protocol-version",
    }
    async with hosting() as door:
        answer = await door.client.options(path, headers=headers)
        real = await door.client.get(path) if "well-known" in path else await door.client.post(path)

    assert answer.status_code == 204
    allowed = answer.headers["access-control-allow-headers"].lower().replace(" ", "").split(",")
    assert set(headers["Access-Control-Request-Headers"].split(",")) <= set(allowed)
    for each in (answer, real):
        assert each.headers["access-control-allow-origin"] == "*"
        assert "access-control-allow-credentials" not in each.headers


async def test_pages_are_not_for_other_sites() -> None:
    """/authorize is for a person's browser alone."""
    async with hosting() as door:
        answer = await door.client.get("/authorize", headers={"Origin": "https://evil.example"})

    assert "access-control-allow-origin" not in answer.headers


async def test_documents_are_kept_only_shortly() -> None:
    """A change of settings is seen within minutes."""
    async with hosting() as door:
        answer = await door.client.get(SERVER_PLACES[0])

    assert answer.headers["cache-control"] == "public, max-age=300"
