"""`fullstory-mcp doctor` finds each fault and says its fix, without ever printing a key."""

from collections.abc import Iterator

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
