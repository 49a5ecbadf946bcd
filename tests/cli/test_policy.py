"""`fullstory-mcp policy` makes a file, names its faults, and says who may do what."""

import re
from pathlib import Path

import pytest

from checkout import ROOT
from command import fullstory_mcp
from fullstory_mcp.cli.policy import PRESETS
from snapshotting import Snapshots

EXAMPLE = ROOT / "deploy" / "policy.example.toml"
ANA = ("--person", "ana@example.com", "--client", "claude.ai")


def test_init_writes_a_sound_file_and_never_over_another(tmp_path: Path) -> None:
    """Where it is named, where the setting says, or beside; with its rows still to be chosen."""
    path = tmp_path / "policy.toml"
    made = fullstory_mcp("policy", "init", FULLSTORY_MCP_POLICY_FILE=str(path))
    text = path.read_text(encoding="utf-8")
    again = fullstory_mcp("policy", "init", str(path), "--preset", "admin")
    looked = fullstory_mcp("policy", "check", str(path))

    assert (made.returncode, made.stderr) == (0, "")
    assert "nobody may do anything" in made.stdout
    assert (again.returncode, path.read_text(encoding="utf-8")) == (1, text)
    assert "is there already and was left as it is" in again.stderr
    assert re.findall(r"^\[presets\.(\w+)\]", text, re.MULTILINE) == list(PRESETS)
    assert looked.returncode == 0
    assert "Nobody: it has no row." in looked.stdout
    assert [each.name for each in tmp_path.iterdir()] == ["policy.toml"]


def test_init_takes_the_presets_that_are_named(tmp_path: Path) -> None:
    """And no other."""
    path = tmp_path / "policy.toml"
    run = fullstory_mcp("policy", "init", str(path), "--preset", "support", "--preset", "admin")
    text = path.read_text(encoding="utf-8")

    assert run.returncode == 0
    assert re.findall(r"^\[presets\.(\w+)\]", text, re.MULTILINE) == ["support", "admin"]
    assert fullstory_mcp("policy", "check", str(path)).returncode == 0


def test_init_says_where_it_cannot_write(tmp_path: Path) -> None:
    """In one sentence."""
    run = fullstory_mcp("policy", "init", str(tmp_path / "nowhere" / "policy.toml"))

    assert run.returncode == 1
    assert re.fullmatch(r"fullstory-mcp: .*policy.toml cannot be written: .+\.\n", run.stderr)


def test_check_shows_who_may_do_what(snapshots: Snapshots) -> None:
    """Every row, every area of every preset that is used, and what goes beyond."""
    run = fullstory_mcp("policy", "check", str(EXAMPLE))
    shown = "\n".join(line.rstrip() for line in run.stdout.splitlines())

    assert run.returncode == 0
    snapshots.check("policy_check.txt", shown.replace(str(EXAMPLE), "policy.toml") + "\n")


def test_check_names_every_fault(tmp_path: Path) -> None:
    """A line each, and a code that stops a pipeline."""
    path = tmp_path / "policy.toml"
    text = EXAMPLE.read_text(encoding="utf-8")
    text = text.replace('preset = "ingest"', 'preset = "ingset"').replace("limits =", "limit =")
    path.write_text(text.replace('person = "*@', 'persn = "*@'), encoding="utf-8")
    run = fullstory_mcp("policy", "check", str(path))

    assert run.returncode == 1
    assert f"{path} is not usable: 5 faults." in run.stdout
    assert run.stdout.count("did you mean limits?") == 2
    assert "did you mean ingest?" in run.stdout
    assert "- [[principals]] row 4: there is no matcher persn; did you mean person?" in run.stdout


@pytest.mark.parametrize("text", [None, "version = "])
def test_check_says_why_a_file_cannot_be_read(tmp_path: Path, text: str | None) -> None:
    """One sentence with the file's name, not the setting's."""
    path = tmp_path / "policy.toml"
    if text is not None:
        path.write_text(text)
    run = fullstory_mcp("policy", "check", str(path))

    assert run.returncode == 1
    assert run.stderr.startswith(f"fullstory-mcp: {path}: ")


def test_check_finds_a_key_that_the_access_file_does_not_name(tmp_path: Path) -> None:
    """A principal that is unknown would silently be nobody; a fingerprint needs no name."""
    access, path = tmp_path / "access.toml", tmp_path / "policy.toml"
    access.write_text('[keys.pipelines]\nenv = "A_KEY"\n')
    path.write_text(
        EXAMPLE.read_text(encoding="utf-8")
        + '\n[[principals]]\nkey = "0123456789abcdef"\npreset = "support"\n'
    )
    found = fullstory_mcp("policy", "check", str(path), FULLSTORY_MCP_ACCESS_FILE=str(access))
    access.write_text('[keys.pipeline]\nenv = "A_KEY"\n')
    mended = fullstory_mcp("policy", "check", str(path), FULLSTORY_MCP_ACCESS_FILE=str(access))

    assert (found.returncode, mended.returncode) == (1, 0)
    assert "row 3 key: there is no key pipeline; did you mean pipelines?" in found.stdout
    assert found.stdout.count("there is no") == 1


def test_a_file_must_be_named_somewhere() -> None:
    """By the command or by the setting."""
    run = fullstory_mcp("policy", "check")

    assert run.returncode == 1
    assert "Name a policy file, or set FULLSTORY_MCP_POLICY_FILE." in run.stderr


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ((*ANA, "--tool", "read_session"), "read_session is allowed by preset analyst, row 1: person ana@example.com"),
        (("--person", "Ana@Example.com", "--tool", "get_me"), "allowed by preset support, row 4: person *@example.com."),
        (("--group", "a", "--group", "fullstory-admins", "--tool", "delete_user"), "- confirmed always"),
        (("--key", "pipeline", "--tool", "create_user_import"), "create_user_import is confirmed over 100 rows"),
        (("--key", "pipeline", "--tool", "create_event"), "at most 50,000 server events a day"),
        (("--door", "stdio", "--tool", "review_user"), "at most 20 sessions a call"),
        ((*ANA, "--tool", "create_event"), "only read in events (preset analyst, row 1"),
        ((*ANA, "--tool", "list_webhook_endpoints"), "the policy does not give it to this caller"),
        ((*ANA, "--tool", "get_user", "--level", "standard"), "it needs an Architect key"),
        ((*ANA, "--tool", "create_segment_export", "--scope", "read"), "was not granted fullstory:write"),
        (("--client", "cursor.com", "--tool", "get_me"), "the operator's policy does not know this caller"),
    ],
)  # fmt: skip
def test_explain_says_what_one_caller_may_do_and_why(asked: tuple[str, ...], said: str) -> None:
    """With the row that decides, and what the preset asks of the tool."""
    run = fullstory_mcp("policy", "explain", str(EXAMPLE), *asked)

    assert (run.returncode, run.stderr) == (0, "")
    assert said in run.stdout


def test_explain_takes_the_most_that_the_access_file_leaves_a_named_key(tmp_path: Path) -> None:
    """Its level and scopes narrow what the policy gives, whatever is asked; another key's do not."""
    access, path = tmp_path / "access.toml", tmp_path / "policy.toml"
    access.write_text(
        '[keys.low]\nenv = "A"\nlevel = "standard"\nscopes = ["fullstory:read"]\n'
        '[keys.own]\nenv = "B"\n'
    )
    rows = "".join(f'[[principals]]\nkey = "{key}"\npreset = "all"\n' for key in ("low", "own"))
    path.write_text(f'version = 1\n[presets.all]\nareas.users = "full"\n{rows}')

    def explained(*asked: str) -> str:
        settings = {"FULLSTORY_MCP_ACCESS_FILE": str(access)}
        run = fullstory_mcp("policy", "explain", str(path), *asked, **settings)
        assert (run.returncode, run.stderr) == (0, "")
        return " ".join(run.stdout.split())

    assert "With a Standard key, only the scopes of read," in explained("--key", "low")
    assert "no scope," in explained("--key", "low", "--scope", "write")
    reads = explained("--key", "low", "--tool", "get_user", "--level", "admin")
    assert "counts as Standard (the access file leaves this key no more)" in reads
    writes = explained("--key", "low", "--tool", "create_user")
    assert "the operator's access file does not leave fullstory:write" in writes
    assert "With an Admin key, all scopes," in explained("--key", "own")
    access.write_text("[keys")
    assert "With an Admin key, all scopes," in explained("--key", "low")


def test_explain_says_everything_and_nothing_in_a_word(tmp_path: Path) -> None:
    """Nobody reads fifty names to find that none is missing."""
    path = tmp_path / "policy.toml"
    path.write_text(
        'version = 1\n[presets.users]\nareas.users = "full"\n'
        '[[principals]]\ndoor = "stdio"\npreset = "users"\n'
    )
    known = fullstory_mcp("policy", "explain", str(path), "--door", "stdio").stdout
    nobody = fullstory_mcp("policy", "explain", str(path), "--door", "http").stdout

    assert re.search(r"^users +everything *$", known, re.MULTILINE)
    assert re.search(r"^webhooks +nothing *$", known, re.MULTILINE)
    assert "\n  all of sessions, all of summary_profiles, all of events," in known
    assert nobody.endswith("does not know this caller.\n  everything\n")


def test_explain_shows_all_tools_and_why_not_the_others(snapshots: Snapshots) -> None:
    """By area what is allowed, and by reason what is not; the settings in force count too."""
    settings = {
        "FULLSTORY_MCP_POLICY_FILE": str(EXAMPLE),
        "FULLSTORY_MCP_EXCLUDE_TOOLS": "find_friction",
    }
    run = fullstory_mcp("policy", "explain", *ANA, "--level", "standard", **settings)

    assert run.returncode == 0
    shown = "\n".join(line.rstrip() for line in run.stdout.splitlines())
    snapshots.check("policy_explain.txt", shown + "\n")


def test_explain_knows_tools_by_name() -> None:
    """A typo is told."""
    run = fullstory_mcp("policy", "explain", str(EXAMPLE), "--tool", "get_usr")

    assert run.returncode == 2
    assert "there is no tool get_usr; did you mean get_user?" in run.stderr


def changed(folder: Path, *changes: tuple[str, str]) -> tuple[str, str]:
    """The example, and a file with these changes of it."""
    text = EXAMPLE.read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    path = folder / "new.toml"
    path.write_text(text, encoding="utf-8")
    return str(EXAMPLE), str(path)


def test_diff_is_silent_of_what_changes_nothing(tmp_path: Path) -> None:
    """Comments, words, and an area written otherwise."""
    files = changed(
        tmp_path,
        ("# Who has which", "# Whoever has which"),
        ('about = "Everything, also where webhooks go."\n', ""),
        ('organization = "read" }\ntools.create_user', 'organization = "full" }\ntools.create_user'),
    )  # fmt: skip
    run = fullstory_mcp("policy", "diff", *files)

    assert (run.returncode, run.stdout) == (0, "Nobody may do more or less than before.\n")


STDIO_ROW = '[[principals]]\ndoor = "stdio"\npreset = "analyst"\n'
ADMIN_ROW = '[[principals]]\ngroup = "fullstory-admins"\npreset = "admin"\n\n'


@pytest.mark.parametrize(
    ("change", "said", "count"),
    [
        (("limits = { sessions = 10 }", ""), "wider     any number of sessions a call (was 10)", 1),
        (("{ sessions = 10 }", "{ sessions = 9 }"), "narrower  9 sessions a call (was 10)", 0),
        (("{ sessions = 10 }", '{ sessions = 10, profiles = ["b", "a"] }'), "narrower  profiles only a, b (was any)", 0),
        (("calls = 2000", "calls = 3000"), "wider     3,000 calls a day (was 2,000)", 1),
        (('confirm.create_annotation = "always"\n', ""), "wider     create_annotation is unconfirmed (was confirmed always)", 1),
        (("confirm.create_user_import = 100", "confirm.create_user_import = 50"), "narrower  create_user_import is confirmed over 50 rows (was confirmed over 100 rows)", 0),
        (('tools = { generate_summary_with_overrides = "off" }\n', ""), "wider     may call generate_summary_with_overrides", 1),
        (('areas.webhooks = "full"', 'areas.webhooks = "read"'), "narrower  may not call create_webhook_endpoint, delete_webhook_endpoint", 0),
        (('areas.webhooks = "full"', 'areas.webhooks = "off"'), "narrower  may not call all of webhooks\n", 0),
        ((STDIO_ROW, ""), "door stdio: preset analyst → nothing\n  narrower  may call nothing\n", 0),
        ((STDIO_ROW, '[[principals]]\ndoor = "http"\npreset = "admin"\n' + STDIO_ROW), "door http: nothing → preset admin\n  wider     may call everything\n", 1),
        ((STDIO_ROW, STDIO_ROW.replace("analyst", "admin")), "door stdio: preset analyst → preset admin", 1),
        (('person = "*@example.com"', 'person = "bo@example.com"'), "person *@example.com: preset support → nothing", 0),
        ((STDIO_ROW, STDIO_ROW + '[presets.mine]\nareas.users = "read"\n'), "preset mine: is new", 0),
    ],
)  # fmt: skip
def test_diff_says_who_may_do_more_or_less(
    tmp_path: Path, change: tuple[str, str], said: str, count: int
) -> None:
    """And ends with how many changes are wider, which is what a reviewer looks for."""
    run = fullstory_mcp("policy", "diff", *changed(tmp_path, change))

    assert run.returncode == 1
    assert said in run.stdout
    assert run.stdout.rstrip().endswith(f"wider: {count or 'none'}.")


def test_diff_finds_what_a_row_that_moved_changes(tmp_path: Path) -> None:
    """Only for callers who fit both rows, of whom neither row alone says anything."""
    first = '[[principals]]\nperson = "ana@example.com"'
    files = changed(tmp_path, (ADMIN_ROW, ""), (first, ADMIN_ROW + first))
    run = fullstory_mcp("policy", "diff", *files)
    whom = "person ana@example.com, group fullstory-admins, client claude.ai"

    assert run.returncode == 1
    assert f"{whom}: preset analyst → preset admin\n  wider     may call " in run.stdout
    assert "1 difference; wider: 1." in run.stdout


def test_diff_of_a_broken_file_is_neither(tmp_path: Path) -> None:
    """A code of its own, so that nobody takes it for no difference."""
    files = changed(tmp_path, ("version = 1", "version = 2"))
    run = fullstory_mcp("policy", "diff", *files)

    assert (run.returncode, run.stdout) == (2, "")
    assert "new.toml: version: must be given as 1" in run.stderr
