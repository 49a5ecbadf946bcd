"""`fullstory-mcp doctor` finds each fault and says its fix, without ever printing a key."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from command import fullstory_mcp, sandbox

SECRET = "c2VjcmV0LXNlY3JldC1zZWNyZXQ"


@pytest.fixture(scope="module")
def api() -> Iterator[str]:
    """The fake API on a port of its own."""
    with sandbox() as address:
        yield address


def settings(api: str, key: str) -> dict[str, str]:
    """Settings that lead to the fake API."""
    return {
        "FULLSTORY_API_KEY": key,
        "FULLSTORY_API_URL": api,
        "FULLSTORY_EXPORT_URL": api,
    }


def faults(output: str) -> list[str]:
    """The names of the checks that found a fault."""
    return [line.split()[1] for line in output.splitlines() if line.startswith("✗")]


def test_healthy_set_up_has_no_fault(api: str) -> None:
    """Every check passes against an API that answers, and the exit code says so."""
    run = fullstory_mcp("doctor", **settings(api, "na1.sandbox-architect"))

    assert (run.returncode, faults(run.stdout), run.stderr) == (0, [], "")
    assert "answered GET /me" in run.stdout
    assert "its role is ARCHITECT" in run.stdout
    assert "✓ Export host answers" in run.stdout


def test_sandbox_is_healthy_without_any_setting() -> None:
    """A newcomer can look at the doctor before having a key."""
    run = fullstory_mcp("doctor", "--sandbox")

    assert (run.returncode, faults(run.stdout)) == (0, [])


def test_missing_key_is_the_first_fault() -> None:
    """Without a key there is nothing to ask; the fix names the settings."""
    run = fullstory_mcp("doctor")

    assert (run.returncode, faults(run.stdout)) == (1, ["Key"])
    assert "FULLSTORY_API_KEY_FILE" in run.stdout


def test_refused_key_is_a_fault_and_is_not_printed(api: str) -> None:
    """A wrong key is shown by its region and fingerprint alone."""
    run = fullstory_mcp("doctor", **settings(api, f"eu1.{SECRET}"))

    assert (run.returncode, faults(run.stdout)) == (1, ["Fullstory"])
    assert "does not accept the API key (401)" in run.stdout
    assert "region eu1, fingerprint " in run.stdout
    assert not any(SECRET[at : at + 8] in run.stdout + run.stderr for at in range(len(SECRET) - 7))


def test_unreachable_api_is_a_fault_and_a_proxy_is_shown_without_its_password() -> None:
    """When nothing answers, the report says what was tried and through what."""
    proxy = "http://someone:pass-word@127.0.0.1:9"
    run = fullstory_mcp(
        "doctor",
        FULLSTORY_API_KEY=f"na1.{SECRET}",
        FULLSTORY_API_URL="https://127.0.0.1:9",
        HTTPS_PROXY=proxy,
    )

    assert (run.returncode, faults(run.stdout)) == (1, ["Fullstory"])
    assert "could not be reached" in run.stdout
    assert "✓ Proxy       127.0.0.1:9\n" in run.stdout
    assert "pass-word" not in run.stdout + run.stderr


def test_level_above_the_keys_own_is_a_fault(api: str) -> None:
    """FULLSTORY_KEY_LEVEL cannot lift a key: Fullstory would refuse what is above its role."""
    given = settings(api, "na1.sandbox-standard") | {"FULLSTORY_KEY_LEVEL": "admin"}
    run = fullstory_mcp("doctor", **given)

    assert (run.returncode, faults(run.stdout)) == (1, ["Level"])
    assert "Unset FULLSTORY_KEY_LEVEL" in run.stdout


def test_settings_that_leave_no_tool_are_a_fault() -> None:
    """A server that serves nothing is hardly meant; the settings that hide tools are named."""
    run = fullstory_mcp(
        "doctor",
        "--sandbox",
        FULLSTORY_MCP_TOOLS="create_event",
        FULLSTORY_MCP_READ_ONLY="true",
    )

    assert (run.returncode, faults(run.stdout)) == (1, ["Tools"])
    assert "FULLSTORY_MCP_READ_ONLY, FULLSTORY_MCP_TOOLS" in run.stdout


def test_bad_setting_is_a_finding_not_a_crash() -> None:
    """What would stop a server stops the examination there, with the same sentence."""
    run = fullstory_mcp("doctor", FULLSTORY_KEY_LEVEL="owner")

    assert (run.returncode, faults(run.stdout), run.stderr) == (1, ["Settings"], "")


def no_policy(folder: Path) -> dict[str, str]:
    """A policy with a typing error."""
    path = folder / "policy.toml"
    path.write_text('version = 1\n[presets.a]\nareas = { sesions = "read" }\n', encoding="utf-8")
    return {"FULLSTORY_MCP_POLICY_FILE": str(path)}


def no_audit(folder: Path) -> dict[str, str]:
    """An audit in a folder that is not there."""
    return {"FULLSTORY_MCP_AUDIT_FILE": str(folder / "no" / "audit.jsonl")}


def device_for_audit(folder: Path) -> dict[str, str]:
    """An audit that can be written and never read again."""
    (folder / "audit.jsonl").symlink_to("/dev/null")
    return {"FULLSTORY_MCP_AUDIT_FILE": str(folder / "audit.jsonl")}


def no_freezes(folder: Path) -> dict[str, str]:
    """Freezes on a share that is not mounted."""
    return {"FULLSTORY_MCP_FREEZE_FILE": str(folder / "no" / "freezes.json")}


RIGHTS = [
    (no_policy, "Policy", "sesions"),
    (no_policy, "Policy", "policy check"),
    (no_audit, "Audit", "audit.jsonl cannot be written: no such file or directory."),
    (device_for_audit, "Audit", "audit.jsonl cannot be written: it is not an ordinary file."),
    (no_freezes, "Freezes", "its folder is not there"),
]


@pytest.mark.parametrize(("broken", "name", "text"), RIGHTS)
def test_file_that_no_server_would_start_with_is_told_once(
    api: str, tmp_path: Path, broken: Callable[[Path], dict[str, str]], name: str, text: str
) -> None:
    """With its place and the fix; nothing after it is looked at, and it is not praised before."""
    run = fullstory_mcp("doctor", **settings(api, "na1.sandbox-standard"), **broken(tmp_path))

    assert (run.returncode, faults(run.stdout), run.stderr) == (1, [name], "")
    assert text in run.stdout
    assert run.stdout.count(name) == 1
    assert "Fullstory " not in run.stdout


def test_every_file_is_looked_at_before_it_ends(api: str, tmp_path: Path) -> None:
    """Whoever mends one learns of the others in the same go."""
    broken = {**no_policy(tmp_path), **no_audit(tmp_path), **no_freezes(tmp_path)}
    run = fullstory_mcp("doctor", **settings(api, "na1.sandbox-standard"), **broken)

    assert faults(run.stdout) == ["Policy", "Audit", "Freezes"]


@pytest.mark.parametrize(
    ("content", "mark", "text"),
    [
        (None, "✓", "nobody is frozen in "),
        ('{"frozen": {}}', "✓", "nobody is frozen in "),
        ('{"frozen": {"http": {"why": "", "at": ""}}}', "-", "1 in force by "),
        ("{", "✗", "so everybody is frozen"),
    ],
)
def test_freeze_file_is_looked_at(
    api: str, tmp_path: Path, content: str | None, mark: str, text: str
) -> None:
    """How many are frozen; a broken file keeps everybody out, and a server would start all the same."""
    path = tmp_path / "freezes.json"
    if content is not None:
        path.write_text(content, encoding="utf-8")
    given = settings(api, "na1.sandbox-standard") | {"FULLSTORY_MCP_FREEZE_FILE": str(path)}
    run = fullstory_mcp("doctor", **given)

    (line,) = [line for line in run.stdout.splitlines() if "Freezes" in line]
    assert line.startswith(mark)
    assert text in line
    assert "answered GET /me" in run.stdout
    assert path.exists() is (content is not None)


def test_policy_and_audit_are_told(api: str, tmp_path: Path) -> None:
    """A sound policy is counted, and the audit's place is said."""
    policy, audit = tmp_path / "policy.toml", tmp_path / "audit.jsonl"
    policy.write_text(
        'version = 1\n[presets.a]\nareas = { sessions = "read" }\n'
        '[[principals]]\ndoor = "stdio"\npreset = "a"\n',
        encoding="utf-8",
    )
    env = settings(api, "na1.sandbox-standard") | {
        "FULLSTORY_MCP_POLICY_FILE": str(policy),
        "FULLSTORY_MCP_AUDIT_FILE": str(audit),
    }
    run = fullstory_mcp("doctor", **env)

    assert (run.returncode, faults(run.stdout)) == (0, [])
    assert "policy.toml is sound, 1 row" in run.stdout
    assert "audit.jsonl" in run.stdout
