"""A setting that cannot be used stops the start with one sentence that names it and not its value."""

import pytest

from fullstory_mcp.errors import SettingsError
from fullstory_mcp.settings import Settings
from support import connected

PLAIN = "must be a plain address such as https://api.fullstory.com."
SAFE = "must be https (http only on a loopback address): the key travels there."

BAD: list[tuple[str, str, str]] = [
    ("FULLSTORY_API_URL", "http://api.example.com", SAFE),
    ("FULLSTORY_API_URL", "ftp://api.example.com", SAFE),
    ("FULLSTORY_API_URL", "http://127.0.0.1.example.com", SAFE),
    ("FULLSTORY_API_URL", "http://10.0.0.1", SAFE),
    ("FULLSTORY_API_URL", "api.example.com", PLAIN),
    ("FULLSTORY_API_URL", "", PLAIN),
    ("FULLSTORY_API_URL", "https://", PLAIN),
    ("FULLSTORY_API_URL", "https://me:pw@api.example.com", PLAIN),
    ("FULLSTORY_API_URL", "https://:pw@api.example.com", PLAIN),
    ("FULLSTORY_API_URL", "https://api.example.com?x=1", PLAIN),
    ("FULLSTORY_API_URL", "https://api.example.com#x", PLAIN),
    ("FULLSTORY_API_URL", "https://api.example.com:port", PLAIN),
    ("FULLSTORY_API_URL", "https://[broken", PLAIN),
    ("FULLSTORY_API_URL", "https://api .example.com", PLAIN),
    ("FULLSTORY_EXPORT_URL", "http://export.example.com", SAFE),
    (
        "FULLSTORY_KEY_LEVEL",
        "root",
        "Input should be 'auto', 'standard', 'architect' or 'admin'.",
    ),
    (
        "FULLSTORY_MCP_LEVEL_OVERRIDES",
        "list_segments=root",
        "Input should be 'standard', 'architect' or 'admin'.",
    ),
    (
        "FULLSTORY_MCP_LEVEL_OVERRIDES",
        "list_segments",
        "Input should be 'standard', 'architect' or 'admin'.",
    ),
    (
        "FULLSTORY_MCP_READ_ONLY",
        "perhaps",
        "Input should be a valid boolean, unable to interpret input.",
    ),
    ("FULLSTORY_MCP_SECRET_KEYS", "c2hvcnQ=", "each key must be base64 of 32 bytes."),
    ("FULLSTORY_MCP_SECRET_KEYS", "no base64 at all!", "each key must be base64."),
    ("FULLSTORY_MCP_MAX_IN_FLIGHT", "0", "Input should be greater than or equal to 1."),
    ("FULLSTORY_MCP_HELD_MEGABYTES", "0", "Input should be greater than or equal to 1."),
    (
        "FULLSTORY_MCP_LOG_LEVEL",
        "loud",
        "Input should be 'debug', 'info', 'warning' or 'error'.",
    ),
]

UNKNOWN = [
    ("FULLSTORY_MCP_TOOLSETS", "users,user", "user is not an area; known: sessions, "),
    ("FULLSTORY_MCP_TOOLS", "get_users", "get_users is not a tool; known: compare_sessions, "),
    ("FULLSTORY_MCP_EXCLUDE_TOOLS", "delete", "delete is not a tool; known: "),
    ("FULLSTORY_MCP_LEVEL_OVERRIDES", "nope=admin", "nope is not a tool; known: "),
]


@pytest.mark.parametrize(("name", "value", "why"), BAD)
def test_unusable_value_is_told_by_the_setting_s_name(name: str, value: str, why: str) -> None:
    """One sentence: which setting, and what would do."""
    with pytest.raises(SettingsError) as raised:
        Settings.read(**{name: value})

    assert str(raised.value) == f"{name}: {why}"


@pytest.mark.parametrize(
    "url",
    ["https://api.example.com", "https://api.example.com:8443/base", "http://localhost:80",
     "http://127.0.0.1:1", "http://[::1]:4010", "https://10.0.0.1"],
)  # fmt: skip
def test_https_anywhere_and_http_on_this_machine_are_addresses(url: str) -> None:
    """The key never travels in the clear, except to this very machine."""
    assert Settings.read(FULLSTORY_API_URL=f"{url}/").api_url == url


@pytest.mark.anyio
@pytest.mark.parametrize(("name", "value", "why"), UNKNOWN)
async def test_name_of_no_tool_or_area_stops_the_start(name: str, value: str, why: str) -> None:
    """A misspelt tool would otherwise be served, or hidden, by mistake."""
    with pytest.raises(SettingsError) as raised:
        async with connected(**{name: value}):
            pass

    assert str(raised.value).startswith(f"{name}: {why}")


def test_key_and_key_file_together_are_a_contradiction() -> None:
    """Which of both would be used must not be a riddle."""
    with pytest.raises(SettingsError) as raised:
        Settings.read(FULLSTORY_API_KEY="na1.whatever", FULLSTORY_API_KEY_FILE="key")

    assert str(raised.value) == (
        "FULLSTORY_API_KEY and FULLSTORY_API_KEY_FILE are both set: keep one."
    )


def test_settings_are_read_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lists may have spaces and empty parts; what is given in code wins."""
    monkeypatch.setenv("FULLSTORY_MCP_TOOLSETS", " users, ,webhooks ,")
    monkeypatch.setenv("FULLSTORY_MCP_LEVEL_OVERRIDES", "list_segments = Standard")
    monkeypatch.setenv("FULLSTORY_MCP_MAX_IN_FLIGHT", "7")
    settings = Settings.read(FULLSTORY_MCP_MAX_IN_FLIGHT="3")

    assert settings.toolsets == ("users", "webhooks")
    assert settings.level_overrides == {"list_segments": "standard"}
    assert settings.max_in_flight == 3
