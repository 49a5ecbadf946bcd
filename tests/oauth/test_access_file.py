"""The operator's access file: who may use which key, read strictly, and again when it changes."""

import logging
import os
from pathlib import Path

import pytest

from fullstory_mcp.errors import SettingsError
from fullstory_mcp.oauth.access import AccessFile, Identity
from support import Clock

KEY = "na1.Zq8Xw3Lm9TkVb7Np2Rd5Hs6Jc"
OTHER_KEY = "eu1.Hs6JcZq8Xw3Lm9TkVb7Np2Rd5"
ISSUER = "https://id.example.com"

KEYS = """
[keys.support]
env = "SUPPORT_KEY"
level = "standard"
scopes = ["fullstory:read"]

[keys.admin]
env = "ADMIN_KEY"
"""
ENVIRON = {"SUPPORT_KEY": KEY, "ADMIN_KEY": OTHER_KEY}


def access(tmp_path: Path, text: str, clock: Clock | None = None) -> AccessFile:
    """The access file that says `text`."""
    path = tmp_path / "access.toml"
    path.write_text(text)
    return AccessFile(path, clock or Clock(), ENVIRON)


def person(email: str = "", *groups: str, subject: str = "s-1", verified: bool = True) -> Identity:
    """Somebody whom the issuer vouches for."""
    return Identity(ISSUER, subject, email, verified, groups)


def key_of(file: AccessFile, who: Identity) -> str | None:
    """The name of the key that somebody gets."""
    named = file.match(who)
    return None if named is None else named.name


def test_the_example_in_the_documentation_is_a_good_file(tmp_path: Path) -> None:
    """What an operator copies from it works, once the files that it names are there."""
    import fullstory_mcp.oauth.access as documented

    lines = (documented.__doc__ or "").split("TOML, and read again")[1].splitlines()
    example = "\n".join(line for line in lines if line.startswith("    "))
    for path, text in (("/run/secrets/fullstory", KEY), ("/run/secrets/agent", "secret")):
        name = path.rpartition("/")[2]
        (tmp_path / name).write_text(text)
        example = example.replace(path, name)

    file = access(tmp_path, example)

    assert key_of(file, person("ada@example.com")) == "support"
    assert file.clients["our-agent"].redirect_uris == ("https://agent.example.com/callback",)
    assert file.scope_aliases == {"fullstory.read": ("fullstory:read",)}


def test_a_key_has_its_ceiling_and_its_scopes(tmp_path: Path) -> None:
    """Left out, the level is the key's own and every scope may be granted."""
    file = access(tmp_path, KEYS)
    support, admin = file.named("support"), file.named("admin")
    assert support is not None
    assert admin is not None

    assert support.current().reveal() == KEY
    assert (support.ceiling, support.scopes) == ("standard", {"fullstory:read"})
    assert (admin.ceiling, len(admin.scopes)) == (None, 3)
    assert file.named("nobody") is None


def test_without_a_file_nobody_is_known() -> None:
    """No path is an empty file."""
    file = AccessFile()

    assert file.match(person("ada@example.com", "everyone")) is None
    assert (dict(file.clients), dict(file.scope_aliases)) == ({}, {})


PEOPLE = f"""{KEYS}
[[people]]
email = "Ada@Example.com"
key = "admin"

[[people]]
group = "admins"
issuer = "{ISSUER}/"
key = "admin"

[[people]]
subject = "00u1"
key = "admin"

[[people]]
group = "elsewhere"
issuer = "https://other.example.com"
key = "admin"

[[people]]
email = "*@example.com"
key = "support"
"""


@pytest.mark.parametrize(
    ("who", "key"),
    [
        (person("ada@example.com"), "admin"),
        (person("ADA@EXAMPLE.COM"), "admin"),
        (person("bob@example.com"), "support"),
        (person("bob@example.com", "admins"), "admin"),
        (person("", "users", "admins"), "admin"),
        (person("", subject="00u1"), "admin"),
        (person("ada@example.com", verified=False), None),
        (person("bob@example.com", verified=False), None),
        (person("bob@sub.example.com"), None),
        (person("bob@notexample.com"), None),
        (person("eve@evil.com@example.com"), None),
        (person("@example.com"), None),
        (person("*@example.com"), "support"),
        (person("", "elsewhere"), None),
        (person("", "Admins"), None),
        (person("", "admins, users"), None),
        (person(""), None),
    ],
)
def test_the_first_row_that_fits_decides(tmp_path: Path, who: Identity, key: str | None) -> None:
    """An address that the issuer did not verify fits no row, and a wildcard only its own domain."""
    assert key_of(access(tmp_path, PEOPLE), who) == key


@pytest.mark.parametrize(
    ("row", "email"),
    [
        ("*@gross.example", "eve@groß.example"),
        ("kate@example.com", "\u212aate@example.com"),
        ("*@stripe.example", "eve@ſtripe.example"),
        ("*@example.com", "groß@example.com"),
    ],
)
def test_letters_that_fold_into_others_are_others(tmp_path: Path, row: str, email: str) -> None:
    """A domain that looks alike in lower case is somebody else's."""
    file = access(tmp_path, f'{KEYS}\n[[people]]\nemail = "{row}"\nkey = "support"\n')

    assert key_of(file, person(row.replace("*", "eve"))) == "support"
    assert key_of(file, person(email)) is None


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("[keys", "is not TOML"),
        ('[key.support]\nenv = "X"', "[key]: is not known here; known are keys, people, clients"),
        ('[keys.support]\nvalue = "na1.x"', "[keys.support] value: is not known here"),
        ("[keys.support]\n", "exactly one of file, env"),
        ('[keys.support]\nenv = "A"\nfile = "b"', "exactly one of file, env"),
        ('[keys.support]\nenv = "MISSING"', "the environment variable that `env` names is not set"),
        ('[keys.support]\nfile = "missing"', "[keys.support] file: cannot be read: No such file"),
        ('[keys."a b"]\nenv = "SUPPORT_KEY"', "[keys.a b]: must be 1 to 64"),
        ('[keys.a]\nenv = "SUPPORT_KEY"\nlevel = "root"', "'standard', 'architect' or 'admin'"),
        ('[keys.a]\nenv = "SUPPORT_KEY"\nscopes = ["all"]', "'fullstory:read'"),
        ('[keys.a]\nenv = "SUPPORT_KEY"\nscopes = []', "at least 1"),
        ('[[people]]\nemail = "a@b.c"', "[[people]] row 1 key: Field required"),
        ('[[people]]\nemail = "a@b.c"\nkey = "nobody"', "there is no [keys.nobody]"),
        ('[[people]]\nkey = "support"', "exactly one of email, group, subject"),
        ('[[people]]\nemail = "a@b.c"\ngroup = "g"\nkey = "support"', "exactly one of"),
        ('[[people]]\nemail = "*"\nkey = "support"', "row 1 email: must be an e-mail address"),
        ('[[people]]\nemail = "a*@b.c"\nkey = "support"', "row 1 email: must be an e-mail address"),
        ('[[people]]\nemail = "a@groß.c"\nkey = "support"', "in ASCII"),
        ('[[people]]\nemail = "*@*.c"\nkey = "support"', "row 1 email: must be an e-mail address"),
        ('[[people]]\ngroup = ""\nkey = "support"', "[[people]] row 1 group"),
        ('[[people]]\ngroup = 5\nkey = "support"', "[[people]] row 1 group"),
        ('[scopes]\n"a" = "write"', "[scopes.a]"),
        ("people = 5", "[people]: Input should be a valid list"),
    ],
)
def test_a_file_that_cannot_be_used_is_told_by_its_row(tmp_path: Path, text: str, why: str) -> None:
    """At the start it keeps the server from starting, in one sentence that names the setting."""
    keys = "" if text.startswith("[key") else KEYS

    with pytest.raises(SettingsError) as error:
        access(tmp_path, text + ("" if text == "people = 5" else keys))

    assert why in str(error.value)
    assert str(error.value).startswith("FULLSTORY_MCP_ACCESS_FILE: ")
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("raw", [b"\xff\xfe", None])
def test_a_file_that_cannot_be_read_is_told(tmp_path: Path, raw: bytes | None) -> None:
    """Missing, or not text."""
    path = tmp_path / "access.toml"
    if raw is not None:
        path.write_bytes(raw)

    with pytest.raises(SettingsError, match="cannot be read"):
        AccessFile(path)


def test_no_error_repeats_a_secret(tmp_path: Path) -> None:
    """A key in the wrong place, in a variable or in a file of its own stays unsaid."""
    secret = "na1.with spaces that make it unusable"
    (tmp_path / "key").write_text(secret)
    wrong = (
        f'[keys.a]\nenv = "{secret}"',
        f'[keys.a]\nkey = "{secret}"',
        f'[keys.a]\nlevel = "{secret}"\nenv = "SUPPORT_KEY"',
        '[keys.a]\nfile = "key"',
        f'[keys.a]\nfile = "{secret}"',
    )

    for text in wrong:
        with pytest.raises(SettingsError) as error:
            access(tmp_path, text)
        assert "na1" not in str(error.value)


def _look_twice(file: AccessFile, clock: Clock) -> None:
    """Lets the two seconds pass within which a change counts."""
    for _ in range(2):
        clock.time += 1
        _ = file.keys


def test_a_changed_file_is_read_within_two_seconds(tmp_path: Path) -> None:
    """A row that was added lets a person in, one that was taken out keeps them out."""
    clock = Clock()
    file = access(tmp_path, PEOPLE, clock)
    assert key_of(file, person("ada@example.com")) == "admin"

    (tmp_path / "access.toml").write_text(f'{KEYS}\n[[people]]\ngroup = "g"\nkey = "support"\n')
    for _ in range(3):
        clock.time += 0.5
        assert key_of(file, person("ada@example.com")) == "admin"
    clock.time += 0.5
    assert key_of(file, person("ada@example.com")) is None
    assert key_of(file, person("", "g")) == "support"


def test_a_rotated_key_file_is_read_again(tmp_path: Path) -> None:
    """Keys are replaced while servers run, also by a link that is turned to another file."""
    clock = Clock()
    (tmp_path / "old").write_text(f"{KEY}\n")
    (tmp_path / "new").write_text(f"{OTHER_KEY}\n")
    (tmp_path / "key").symlink_to("old")
    file = access(tmp_path, '[keys.support]\nfile = "key"\n', clock)
    first = file.named("support")

    (tmp_path / "next").symlink_to("new")
    (tmp_path / "next").rename(tmp_path / "key")
    _look_twice(file, clock)
    second = file.named("support")

    assert first is not None
    assert second is not None
    assert (first.current().reveal(), second.current().reveal()) == (KEY, OTHER_KEY)


def test_a_broken_edit_keeps_what_was_good_and_is_logged_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Half a file, or one that was taken away, locks nobody out; mended, it counts again."""
    clock = Clock()
    file = access(tmp_path, PEOPLE, clock)
    path = tmp_path / "access.toml"
    for broken in ("[[people]]\nemail = 5", None):
        caplog.clear()
        path.write_text(broken) if broken else path.unlink()
        for _ in range(5):
            clock.time += 1
            assert key_of(file, person("ada@example.com")) == "admin"
        (record,) = [each for each in caplog.records if each.levelno == logging.ERROR]
        assert "FULLSTORY_MCP_ACCESS_FILE" in record.getMessage()
        assert "stays in force" in record.getMessage()

    path.write_text(KEYS)
    _look_twice(file, clock)
    assert file.match(person("ada@example.com")) is None


def test_a_key_that_comes_later_than_its_row_is_found(tmp_path: Path) -> None:
    """Files are seldom put in place in the right order: each one that is named is watched."""
    clock = Clock()
    file = access(tmp_path, KEYS, clock)
    (tmp_path / "access.toml").write_text('[keys.late]\nfile = "late"\n')
    clock.time += 1
    assert file.named("late") is None

    (tmp_path / "late").write_text(KEY)
    clock.time += 1
    assert file.named("late") is not None


def test_the_environment_is_the_processs_own_by_default(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing but the path has to be given."""
    monkeypatch.setitem(os.environ, "SUPPORT_KEY", KEY)
    path = tmp_path / "access.toml"
    path.write_text('[keys.support]\nenv = "SUPPORT_KEY"\n')

    assert AccessFile(path).named("support") is not None
