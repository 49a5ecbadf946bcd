"""The official TypeScript client signs in to a running server, in both eras and on both databases."""

import json
import subprocess
from typing import Any

import anyio
import httpx2 as httpx
import pytest
from joserfc.jwk import ECKey

from interop.authorizing import Documents, Hosted, Person, expire_access_tokens, lines_of
from interop.programs import ENOUGH, Node
from server.doors import LEGACY, MODERN, STARTS_IN
from server.wire import asked

pytestmark = pytest.mark.anyio

READ, WRITE = "fullstory:read", "fullstory:write"


def documented(documents: Documents, name: str) -> dict[str, Any]:
    """A client whose document says where its public keys are, and its private key."""
    key = ECKey.generate_key("P-256", {"kid": "one", "use": "sig", "alg": "ES256"})
    public = {"keys": [key.as_dict(private=False)]}
    document = documents.client(
        f"/typescript-{name}.json",
        token_endpoint_auth_method="private_key_jwt",
        jwks_uri=documents.publish(f"/typescript-{name}-keys.json", public),
    )
    return {"document": document, "key": key.as_dict(private=True)}


async def expired(hosted: Hosted, token: str) -> None:
    """Returns when the server no longer takes an access token, which its time then ended."""
    expire_access_tokens(hosted.database_url)
    request = asked("tools/list")
    request["headers"]["Authorization"] = f"Bearer {token}"
    async with httpx.AsyncClient(timeout=STARTS_IN) as http:
        with anyio.fail_after(5):
            # The server holds it for two seconds more.
            while (await http.post(hosted.served.mcp, **request)).status_code != 401:  # noqa: ASYNC110 - nobody there could set an event here
                await anyio.sleep(0.1)


async def heard(node: Node, hosted: Hosted, person: Person, **given: Any) -> dict[str, Any]:
    """What the client says at its end, after everything it asked was answered."""
    command = node.command("oauth.mjs", json.dumps({"url": hosted.served.mcp, **given}))
    with anyio.fail_after(ENOUGH):
        async with await anyio.open_process(
            command, env=node.environment, stderr=subprocess.STDOUT
        ) as process:
            said = []
            async for line in lines_of(process.stdout):
                said.append(line)
                match json.loads(line) if line.startswith("{") else {}:
                    case {"authorize": url}:
                        answer = await person.consents(url)
                    case {"expire": token}:
                        answer = await expired(hosted, token)
                    case {"heard": what}:
                        return what
                    case _:
                        continue  # a complaint, or a piece of one
                await process.stdin.send(json.dumps(answer).encode() + b"\n")
    raise AssertionError("".join(said))


@pytest.mark.parametrize("known_by", ["registration", "document"])
@pytest.mark.parametrize("version", [MODERN, LEGACY])
async def test_typescript_client_signs_in_refreshes_and_steps_up(
    node: Node, hosted: Hosted, documents: Documents, version: str, known_by: str
) -> None:
    """Its person is asked to read and to write, not for the refresh; a document's keys prove it."""
    era = "legacy" if version == LEGACY else version
    known = documented(documents, f"{hosted.kind}-{era}") if known_by == "document" else {}
    async with httpx.AsyncClient(timeout=STARTS_IN) as web:
        person = Person(web)
        ended = await heard(node, hosted, person, era=era, **known)

    assert ended["version"] == version
    assert (ended["client"] == known.get("document")) is (known_by == "document")
    assert ended["read"]["session_quota"] == ended["again"]["session_quota"]
    assert ended["refreshed"]
    assert ended["created"]["id"]
    assert person.allowed == [[READ], [READ, WRITE]]
    assert ended["granted"] == [READ, f"{READ} {WRITE}"]
    assert [status for status, _ in ended["refusals"]] == [401, 401, 403]
    challenge = ended["refusals"][-1][1]
    assert 'error="insufficient_scope"' in challenge
    assert f'scope="{READ} {WRITE}"' in challenge
