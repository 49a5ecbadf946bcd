"""What is wrong with a policy is told by its place, with what was probably meant; it is not used."""

from pathlib import Path

import pytest

from fullstory_mcp.errors import SettingsError
from fullstory_mcp.policy import reading
from fullstory_mcp.policy.file import PolicyFile
from fullstory_mcp.policy.reading import checked
from policy.pages import CATALOGUE, SUPPORT, policy, row

P = "[presets.support]"
ROW = row(door="stdio")


def preset(part: str) -> str:
    """A file whose one preset has this part."""
    return f"version = 1\n{P}\n{part}\n{ROW}"


BAD = [
    # names
    (preset('tools = { get_usr = "read" }'), f"{P} tools: there is no tool get_usr; did you mean get_user?"),
    (preset('tools = { sessions = "read" }'), f"{P} tools: there is no tool sessions; did you mean list_sessions?"),
    (preset('areas = { session = "read" }'), f"{P} areas: there is no area session; did you mean sessions?"),
    (preset('areas = { webhook = "read" }'), "did you mean webhooks?"),
    (preset('areas = { people = "read" }'), "there is no area people; known are sessions, summary_profiles, users"),
    (preset("limit = { rows = 1 }"), f"{P}: there is no part limit; did you mean limits?"),
    (preset("limits = { row = 1 }"), f"{P} limits: there is no limit row; did you mean rows?"),
    (preset('confirm = { create_anotation = "always" }'), "did you mean create_annotation?"),
    (preset("budgets = { week = { calls = 1 } }"), f"{P} budgets: there is no period week; known are day, month"),
    (preset("budgets = { day = { activation = 1 } }"), f"{P} budgets.day: there is no budget activation; did you mean activations?"),
    (SUPPORT + row("suport", door="stdio"), "[[principals]] row 1 preset: there is no preset suport; did you mean support?"),
    (SUPPORT + row(door="stdio", persn="a@b.c"), "[[principals]] row 1: there is no matcher persn; did you mean person?"),
    ("principal = []\n" + SUPPORT, "there is no key principal; did you mean principals?"),
    ('version = 1\n["presets"."a b"]\n', "a preset's name must be 1 to 64 letters"),
    # values
    (SUPPORT.replace("version = 1", ""), "version: must be given as 1"),
    ("version = 2", "version: must be given as 1"),
    ("version = true", "version: must be given as 1"),
    ("version = 1\nas_of = 0.1", "as_of: must be a version"),
    (preset('areas = { sessions = "write" }'), f"{P} areas.sessions: must be one of off, read, full"),
    (preset('areas = { sessions = "Full" }'), "must be one of off, read, full; did you mean full?"),
    (preset("areas = { sessions = true }"), f"{P} areas.sessions: must be one of"),
    (preset('areas = ["sessions"]'), f"{P} areas: must be a table"),
    (preset('about = "two\\nlines"'), f"{P} about: must be a line"),
    (preset("limits = { rows = 0 }"), f"{P} limits.rows: must be a whole number from 1 to 1,000,000,000,000"),
    (preset("limits = { sessions = true }"), f"{P} limits.sessions: must be a whole number"),
    (preset('limits = { segments = "a" }'), f"{P} limits.segments: must be a list of ids"),
    (preset('limits = { profiles = ["", 5] }'), f"{P} limits.profiles: must be a list of ids"),
    (preset("budgets = { day = { calls = -1 } }"), f"{P} budgets.day.calls: must be a whole number from 0"),
    (preset(f"budgets = {{ day = {{ calls = {10**13} }} }}"), "must be a whole number from 0"),
    (preset(f"limits = {{ rows = {'9' * 5000} }}"), "is not TOML: "),
    (f"a = {'[' * 50_000}", "is not TOML: "),
    (preset("budgets = { day = 5 }"), f"{P} budgets.day: must be a table"),
    (preset('confirm = { get_user = "always" }'), f"{P} confirm.get_user: the tool only reads"),
    (preset("confirm = { create_annotation = 5 }"), f"{P} confirm.create_annotation: the tool takes no batch of rows"),
    (preset("confirm = { create_user_import = 0 }"), f'{P} confirm.create_user_import: must be "always", or the most rows'),
    (preset("confirm = { create_user_import = true }"), 'must be "always", or'),
    (preset('confirm = { create_user_import = "never" }'), 'must be "always", or'),
    ("version = 1\npresets = 5", "[presets]: must be a table"),
    ('version = 1\n[principals]\ndoor = "stdio"', "[[principals]]: must be rows"),
    # contradictions
    (preset('tools = { create_user = "read" }'), f'{P} tools.create_user: "read" would leave nothing of a tool that writes: say off or full'),
    (preset("budgets = { day = { calls = 9 }, month = { calls = 8 } }"), f"{P} budgets: more calls are given for a day than for a month"),
    (preset('areas = { sessions = "read" }\nareas = { users = "read" }'), "is not TOML: Cannot overwrite a value"),
    (preset('areas = { sessions = "read", sessions = "full" }'), "is not TOML: "),
    # principals
    (SUPPORT + "[[principals]]\n", "[[principals]] row 1: names no preset"),
    (SUPPORT + row(), "[[principals]] row 1: says not whom it means: give person, group, key, client or door"),
    (SUPPORT + row(person="änna@example.com"), "row 1 person: must be an e-mail address in ASCII"),
    (SUPPORT + row(person="ana"), "row 1 person: must be an e-mail address"),
    (SUPPORT + row(person="*"), "row 1 person: must be an e-mail address"),
    (SUPPORT + row(person="a*@b.c"), "row 1 person: must be an e-mail address"),
    (SUPPORT + row(person="*@*.c"), "row 1 person: must be an e-mail address"),
    (SUPPORT + row(group=""), "row 1 group: must be a group's name"),
    (SUPPORT + row(key="na1.c2VjcmV0"), "row 1 key: must be a key's name in the access file or its fingerprint"),
    (SUPPORT + row(client="Claude Desktop"), "row 1 client: must be the host"),
    (SUPPORT + row(door="studio"), "row 1 door: must be one of stdio, http, oauth"),
    (SUPPORT + row(door="stdio", person="ana@example.com"), "row 1: nobody fits"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "why"), BAD)
def test_a_fault_is_named_and_keeps_a_server_from_starting(
    tmp_path: Path, text: str, why: str
) -> None:
    """In one line that begins with the setting."""
    with pytest.raises(SettingsError) as error:
        policy(tmp_path, text)

    assert why in str(error.value)
    assert str(error.value).startswith("FULLSTORY_MCP_POLICY_FILE: ")
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("first", "second", "how"),
    [
        ({"person": "ana@example.com"}, {"person": "Ana@example.com"}, "means the same as row 1"),
        ({"person": "*@example.com"}, {"person": "ana@example.com"}, "never reached"),
        ({"person": "*@example.com"}, {"person": "ana@example.com", "key": "a"}, "never reached"),
        ({"client": "claude.ai"}, {"client": "https://claude.ai/c.json"}, "never reached"),
        ({"client": "claude.ai"}, {"client": "Claude.ai"}, "means the same as row 1"),
        ({"group": "g"}, {"group": "g", "person": "ana@example.com"}, "never reached"),
        ({"door": "oauth"}, {"person": "ana@example.com"}, "never reached"),
        ({"door": "stdio"}, {"door": "stdio", "key": "a"}, "never reached"),
        ({"key": "a"}, {"key": "a"}, "means the same as row 1"),
    ],
)
def test_a_row_that_leaves_nobody_to_a_later_one_is_a_fault(
    tmp_path: Path, first: dict[str, str], second: dict[str, str], how: str
) -> None:
    """Both are named: one of them is not what was meant. In the other order only twins are."""
    with pytest.raises(SettingsError) as error:
        policy(tmp_path, SUPPORT + row(**first) + row(**second))

    assert "[[principals]] row 2: " in str(error.value)
    assert how in str(error.value)
    _, faults = checked(SUPPORT + row(**second) + row(**first), CATALOGUE)
    assert len(faults) == ("same" in how)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"person": "*@example.com"}, {"person": "*@sub.example.com"}),
        ({"person": "ana@example.com", "client": "claude.ai"}, {"person": "ana@example.com"}),
        ({"group": "a"}, {"group": "b"}),
        ({"door": "stdio"}, {"door": "http"}),
        ({"door": "stdio"}, {"key": "a"}),
        ({"key": "a"}, {"door": "stdio"}),
    ],
)
def test_rows_that_only_meet_are_no_fault(
    tmp_path: Path, first: dict[str, str], second: dict[str, str]
) -> None:
    """Their order says which counts where both fit."""
    policy(tmp_path, SUPPORT + row(**first) + row(**second))


def test_every_fault_is_found_at_once() -> None:
    """Whoever mends the file does not have to run it again for each."""
    text = """
        version = 3
        [presets.support]
        areas = { session = "read", users = "all" }
        tools = { get_usr = "read" }
        limits = { rows = 0 }
        [[principals]]
        persn = "ana@example.com"
        preset = "suport"
    """
    _, faults = checked(text, CATALOGUE)

    assert [fault.field for fault in faults] == [
        "version",
        "[presets.support] limits.rows",
        "[presets.support] areas",
        "[presets.support] areas.users",
        "[presets.support] tools",
        "[[principals]] row 1",
        "[[principals]] row 1 preset",
        "[[principals]] row 1",
    ]


def test_a_start_tells_how_many_faults_there_are(tmp_path: Path) -> None:
    """One is named; `policy check` names all."""
    with pytest.raises(SettingsError, match="It has 2 faults in all"):
        policy(tmp_path, preset('limits = { rows = 0, sessions = "a" }'))


@pytest.mark.parametrize("raw", [b"\xff\xfe", None])
def test_a_file_that_cannot_be_read_is_told(tmp_path: Path, raw: bytes | None) -> None:
    """Missing, or not text."""
    path = tmp_path / "policy.toml"
    if raw is not None:
        path.write_bytes(raw)

    with pytest.raises(SettingsError, match="FULLSTORY_MCP_POLICY_FILE: cannot be read: "):
        PolicyFile(path, CATALOGUE)


@pytest.mark.parametrize(
    "text",
    [
        SUPPORT + row(key="na1.c2VjcmV0 c2VjcmV0"),
        SUPPORT + row("na1 c2VjcmV0", door="stdio"),
        SUPPORT + '[[principals]]\n"na1 c2VjcmV0" = 5\n',
        preset('areas = { sessions = "na1.c2VjcmV0" }'),
        preset('confirm = { create_user_import = "na1.c2VjcmV0" }'),
    ],
)
def test_no_error_repeats_a_secret(tmp_path: Path, text: str) -> None:
    """A key in the wrong place stays unsaid."""
    with pytest.raises(SettingsError) as error:
        policy(tmp_path, text)

    assert "c2VjcmV0" not in str(error.value)


def test_the_documented_example_is_sound() -> None:
    """The file that the module shows can be used as it stands."""
    lines = (reading.__doc__ or "").splitlines()
    example = "\n".join(line for line in lines if line.startswith("    "))
    policy, faults = checked(example, CATALOGUE)

    assert faults == []
    assert policy.presets["support"].budgets["activations", "month"] == 3000
    assert [row.label for row in policy.rows] == ["person ana@example.com, client claude.ai"]
