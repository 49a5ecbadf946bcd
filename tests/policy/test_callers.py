"""Which row of a policy fits which caller."""

from pathlib import Path

import pytest

from fullstory_mcp.principal import Principal
from policy.pages import CALLER, CATALOGUE, KEY, STDIO, SUPPORT, caller, policy, row

ANYBODY = "anybody"


@pytest.mark.parametrize(
    ("given", "who", "fits"),
    [
        ({"person": "ana@example.com"}, CALLER, True),
        ({"person": "Ana@Example.com"}, CALLER, True),
        ({"person": "bo@example.com"}, CALLER, False),
        ({"person": "*@example.com"}, CALLER, True),
        ({"person": "*@example.com"}, caller(email="ana@sub.example.com"), False),
        ({"person": "*@example.com"}, caller(email="ana@evil@example.com"), False),
        ({"person": "*@example.com"}, caller(email="@example.com"), False),
        ({"person": "*@example.com"}, caller(email=""), False),
        ({"person": "*@example.com"}, STDIO, False),
        ({"group": "support"}, CALLER, True),
        ({"group": "Support"}, CALLER, False),
        ({"group": "support"}, caller(groups=()), False),
        ({"key": "shared"}, CALLER, True),
        ({"key": KEY.fingerprint}, CALLER, True),
        ({"key": KEY.fingerprint}, STDIO, True),
        ({"key": "other"}, CALLER, False),
        ({"client": "claude.ai"}, CALLER, True),
        ({"client": "Claude.AI"}, CALLER, True),
        ({"client": "https://claude.ai/oauth/client.json"}, CALLER, True),
        ({"client": "https://claude.ai/other.json"}, CALLER, False),
        ({"client": "claude.ai"}, caller(client_id="https://claude.ai.evil.com/c.json"), False),
        ({"client": "claude.ai"}, caller(client="claude.ai", client_id="fsmcp_client_1"), False),
        ({"client": "Claude"}, CALLER, False),
        ({"client": "our-agent"}, caller(client_id="our-agent"), True),
        ({"door": "stdio"}, STDIO, True),
        ({"door": "http"}, Principal(key=KEY, door="http"), True),
        ({"door": "stdio"}, CALLER, False),
        ({"door": "oauth"}, CALLER, True),
        ({"person": "ana@example.com", "client": "claude.ai"}, CALLER, True),
        ({"person": "ana@example.com", "client": "cursor.com"}, CALLER, False),
        ({"person": "ana@example.com", "group": "admins"}, CALLER, False),
    ],
)
def test_a_row_fits_whom_it_says(
    tmp_path: Path, given: dict[str, str], who: Principal, fits: bool
) -> None:
    """By what was proved, and by all that the row gives: never by a name that a client chose."""
    ruling = policy(tmp_path, SUPPORT + row(**given)).ruling(who)

    assert ruling is not None
    assert (ruling.rules is not None) == fits


@pytest.mark.parametrize("person", ["kim@example.com", "*@example.com"])
def test_address_that_is_not_ascii_is_nobody(tmp_path: Path, person: str) -> None:
    """Signs that only look like a letter, or become one in small letters, let nobody in."""
    file = policy(tmp_path, SUPPORT + row(person=person))

    for email in ("\u212aim@example.com", "k\u0131m@example.com"):
        ruling = file.ruling(caller(email=email))
        assert ruling is not None
        assert ruling.rules is None


def test_the_first_row_that_fits_decides_and_is_named(tmp_path: Path) -> None:
    """Reasons and the audit say which row it was; nobody else may do anything."""
    text = (
        SUPPORT
        + "[presets.none]\n"
        + row(person="bo@example.com")
        + row("none", person="ana@example.com", client="claude.ai")
        + row(person="*@example.com")
    )
    file = policy(tmp_path, text)
    rulings = [
        file.ruling(who)
        for who in (CALLER, caller(client_id="x"), caller(email="bo@example.com"), STDIO)
    ]

    assert [ruling and ruling.by for ruling in rulings] == [
        "preset none, row 2: person ana@example.com, client claude.ai",
        "preset support, row 3: person *@example.com",
        "preset support, row 1: person bo@example.com",
        "no row of the policy fits",
    ]


def test_a_single_tool_wins_over_its_area(tmp_path: Path) -> None:
    """Either way, and an area that is not named is off."""
    text = """
        version = 1
        [presets.mixed]
        areas = { sessions = "read", users = "full" }
        tools = { read_session = "off", create_event = "full", get_me = "read", delete_user = "off" }
        [[principals]]
        door = "stdio"
        preset = "mixed"
    """
    ruling = policy(tmp_path, text).ruling(STDIO)
    assert ruling is not None
    assert ruling.rules is not None
    allowed = {tool.name for tool in CATALOGUE.tools.values() if ruling.rules.allows(tool)}

    assert {"list_sessions", "create_user", "create_event", "get_me"} <= allowed
    assert not {"read_session", "delete_user", "create_event_import", "get_quotas"} & allowed


def test_what_tells_callers_of_themselves_is_for_everybody_whom_a_row_fits(tmp_path: Path) -> None:
    """Unless it is named as off."""
    tool = CATALOGUE.tools["explain_access"]
    text = (
        'version = 1\n[presets.a]\n[presets.b]\ntools = { explain_access = "off" }\n'
        + row("a", door="stdio")
        + row("b", door="oauth")
    )
    file = policy(tmp_path, text)
    given = [ruling.rules for who in (STDIO, CALLER) if (ruling := file.ruling(who)) is not None]

    assert [rules is not None and rules.allows(tool) for rules in given] == [True, False]
