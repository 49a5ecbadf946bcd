"""Starting a server for many: what it cannot do without is told in one sentence."""

import base64
import sys
from pathlib import Path

import pytest

from cli.test_start import assert_one_sentence
from command import fullstory_mcp

SECRET = base64.b64encode(b"s" * 32).decode()
PUBLIC = {"FULLSTORY_MCP_PUBLIC_URL": "https://mcp.example.com"}
WHOLE = PUBLIC | {"FULLSTORY_MCP_SECRET_KEYS": SECRET}
EXTERNAL = PUBLIC | {"FULLSTORY_MCP_AUTH": "external"}
SIGN_IN = WHOLE | {"FULLSTORY_MCP_OIDC_ISSUER": "https://id.example.com"}

BAD = {
    "no key ring": (PUBLIC, "FULLSTORY_MCP_SECRET_KEYS is not set"),
    "no public address": (
        {"FULLSTORY_MCP_AUTH": "embedded", "FULLSTORY_MCP_SECRET_KEYS": SECRET},
        "FULLSTORY_MCP_PUBLIC_URL is not set",
    ),
    "a public address without TLS": (
        {"FULLSTORY_MCP_PUBLIC_URL": "http://mcp.example.com"},
        "FULLSTORY_MCP_PUBLIC_URL: must be https",
    ),
    "a public address with a query": (
        {"FULLSTORY_MCP_PUBLIC_URL": "https://mcp.example.com/?a=1"},
        "FULLSTORY_MCP_PUBLIC_URL: must be a plain address",
    ),
    "an external server without its issuer": (EXTERNAL, "FULLSTORY_MCP_TOKEN_ISSUER is not set"),
    "an external server without an access file": (
        EXTERNAL | {"FULLSTORY_MCP_TOKEN_ISSUER": "https://id.example.com"},
        "FULLSTORY_MCP_ACCESS_FILE is not set",
    ),
    "sign-in without a client": (SIGN_IN, "FULLSTORY_MCP_OIDC_CLIENT_ID is not set"),
    "an algorithm that shares its key": (
        WHOLE | {"FULLSTORY_MCP_TOKEN_ALGORITHMS": "HS256"},
        "FULLSTORY_MCP_TOKEN_ALGORITHMS: must be some of",
    ),
    "an unknown scope": (
        WHOLE | {"FULLSTORY_MCP_FIRST_SCOPES": "fullstory:all"},
        "FULLSTORY_MCP_FIRST_SCOPES: must be some of",
    ),
    "a database of another kind": (
        WHOLE | {"FULLSTORY_MCP_DATABASE_URL": "mysql://user:hunter2@db/x"},
        "FULLSTORY_MCP_DATABASE_URL: must be sqlite",
    ),
    "an access file that is not there": (
        WHOLE | {"FULLSTORY_MCP_ACCESS_FILE": "nowhere.toml"},
        "FULLSTORY_MCP_ACCESS_FILE",
    ),
}


@pytest.mark.parametrize("fault", BAD)
def test_a_setting_that_hosting_needs_is_named(fault: str) -> None:
    """Whoever starts a server for many learns which setting is missing or wrong, in a sentence."""
    settings, expected = BAD[fault]
    run = fullstory_mcp("serve", "--sandbox", "--port", "0", **settings)

    assert_one_sentence(run, expected)
    assert "hunter2" not in run.stderr


def test_a_database_without_tables_names_the_command_that_makes_them(tmp_path: Path) -> None:
    """A start never changes the database by itself: it says what to run first."""
    settings = WHOLE | {"FULLSTORY_MCP_DATABASE_URL": f"sqlite:///{tmp_path}/new.db"}
    run = fullstory_mcp("serve", "--sandbox", "--port", "0", **settings)

    assert_one_sentence(run, "fullstory-mcp migrate")


def test_a_missing_extra_is_named_with_its_installation() -> None:
    """Installed without what hosting needs, the server says what to install."""
    blocked = "import sys; sys.modules['sqlalchemy'] = None; from fullstory_mcp.cli.main import main; main()"
    run = fullstory_mcp(
        "serve", "--sandbox", "--port", "0", command=(sys.executable, "-c", blocked), **WHOLE
    )

    assert_one_sentence(run, '".[hosted]"')
