"""The audit of a server for many: in its database, with who called and by which client."""

from pathlib import Path

import pytest

from audit.logs import findings, raw_of, records
from fullstory_mcp.storage import Database
from fullstory_mcp.storage.audit import chain, writers
from oauth.harness import KEY, hosting

pytestmark = pytest.mark.anyio


async def test_calls_are_in_the_database(database_url: str) -> None:
    """Who called is the person, the client and the connection; no key and no token is there."""
    async with hosting(database_url=database_url) as door:
        tokens = await door.connect()
        await door.call(tokens["access_token"], "list_sessions", uid="cust-1042")
        await door.call(tokens["access_token"], "create_user", uid="cust-77")

    raw = _exported(database_url)
    told = [(row["tool"], row["kind"]) for row in records(raw)]
    who = records(raw)[0]["who"]
    assert findings(raw) == []
    assert told == [
        ("list_sessions", "decided"),
        ("list_sessions", "ended"),
        ("create_user", "decided"),
        ("create_user", "ended"),
    ]
    assert (who["door"], who["client"], who["owner"][:4]) == ("oauth", "Test client", "key:")
    assert len(who["connection"]) > 20
    for secret in (KEY, tokens["access_token"], tokens["refresh_token"]):
        assert secret.encode() not in raw


async def test_named_file_is_used_instead_of_the_database(
    database_url: str, tmp_path: Path
) -> None:
    """One place is enough, and it is the one that was named."""
    path = tmp_path / "audit.jsonl"
    async with hosting(database_url=database_url, FULLSTORY_MCP_AUDIT_FILE=str(path)) as door:
        tokens = await door.connect()
        await door.call(tokens["access_token"], "get_me")

    assert _exported(database_url) == b""
    assert len(records(raw_of(path))) == 2


def _exported(url: str) -> bytes:
    database = Database(url)
    with database.begin(reading=True) as tx:
        chains = writers(tx)
    lines = [row.line for writer in chains for row in chain(database, writer)]
    database.close()
    return "".join(f"{line}\n" for line in lines).encode()
