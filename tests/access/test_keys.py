"""Where the key comes from: a setting, or a file that is read again when it changes."""

import os
from pathlib import Path

import pytest
from mcp.shared.exceptions import MCPError

from fullstory_mcp.access import KeySource
from fullstory_mcp.errors import SettingsError
from fullstory_mcp.settings import Settings
from support import connected
from transports import KEY, Api

anyio = pytest.mark.anyio

OTHER = "na1.Wt5Yb8Gf3Qa7Xn2Mz6Kd9Lp"


def settings_of(path: Path) -> dict[str, object]:
    """A server whose key is in a file."""
    return {"FULLSTORY_API_KEY": None, "FULLSTORY_API_KEY_FILE": path}


@anyio
async def test_changed_key_file_is_used_at_the_next_call(tmp_path: Path) -> None:
    """A rotated key needs no restart, and its level is asked anew."""
    path = tmp_path / "key"
    path.write_text(f"{KEY}\n")
    api = Api()
    async with connected(transport=api, **settings_of(path)) as server:
        await server.data("get_quotas")
        path.write_text(OTHER)
        await server.data("get_quotas")

    sent = [request.headers["authorization"] for request in api.requests]
    assert sent == [f"Basic {KEY}", f"Basic {OTHER}"]
    assert len(api.asked_for_role) == 2


def test_file_is_read_again_even_when_only_its_time_changes(tmp_path: Path) -> None:
    """A key of the same length, written within the same second, is noticed."""
    path = tmp_path / "key"
    same_length = KEY[:-1] + "d"
    path.write_text(KEY)
    source = KeySource(Settings.read(**settings_of(path)))
    source.current()
    path.write_text(same_length)
    os.utime(path, ns=(1, 1))

    assert source.current().reveal() == same_length


@anyio
async def test_file_that_breaks_while_running_fails_the_call_and_not_the_server(
    tmp_path: Path,
) -> None:
    """Half a key is not sent; when the file is whole again, the server works on."""
    path = tmp_path / "key"
    path.write_text(KEY)
    api = Api()
    async with connected(transport=api, **settings_of(path)) as server:
        for broken in ("", "short", "two words of a key"):
            path.write_text(broken)
            with pytest.raises(MCPError) as raised:
                await server.call("get_quotas")
            assert broken not in raised.value.error.message or not broken
        assert api.requests == []
        path.write_text(OTHER)
        await server.data("get_quotas")

    assert len(api.requests) == 1


@pytest.mark.parametrize(
    ("key", "why"),
    [
        ("", "No Fullstory API key: set FULLSTORY_API_KEY or FULLSTORY_API_KEY_FILE, "),
        ("short", "FULLSTORY_API_KEY: the key must be 8 to 512 visible ASCII characters"),
        ("a" * 513, "FULLSTORY_API_KEY: the key must be 8 to 512 visible ASCII characters"),
        ("na1.with space", "FULLSTORY_API_KEY: the key must be 8 to 512 visible ASCII characters"),
        ("na1.naïveté", "FULLSTORY_API_KEY: the key must be 8 to 512 visible ASCII characters"),
        ("na1.line\nbreak", "FULLSTORY_API_KEY: the key must be 8 to 512 visible ASCII characters"),
    ],
)
def test_unusable_key_is_told_without_being_shown(key: str, why: str) -> None:
    """A missing or malformed key stops the start with one sentence that names the setting."""
    with pytest.raises(SettingsError) as raised:
        KeySource(Settings.read(FULLSTORY_API_KEY=key)).current()

    assert str(raised.value).startswith(why)
    assert len(key) < 6 or key not in str(raised.value)


def test_key_file_that_cannot_be_read_is_told_with_the_reason(tmp_path: Path) -> None:
    """A missing file and one that is no text are told apart."""
    binary = tmp_path / "binary"
    binary.write_bytes(b"\xff\xfe\x00")

    said = []
    for path in (tmp_path / "absent", tmp_path, binary):
        with pytest.raises(SettingsError) as raised:
            KeySource(Settings.read(**settings_of(path))).current()
        said.append(str(raised.value))

    assert said == [
        "FULLSTORY_API_KEY_FILE cannot be read: No such file or directory.",
        "FULLSTORY_API_KEY_FILE cannot be read: Is a directory.",
        "FULLSTORY_API_KEY_FILE cannot be read: it is not text.",
    ]


def test_surrounding_space_of_a_key_is_no_part_of_it(tmp_path: Path) -> None:
    """A trailing newline is what editors and secret mounts leave."""
    path = tmp_path / "key"
    path.write_text(f"  {KEY}\r\n")

    assert KeySource(Settings.read(**settings_of(path))).current().reveal() == KEY
    assert KeySource(Settings.read(FULLSTORY_API_KEY=f" {KEY} ")).current().reveal() == KEY
