"""A policy can only narrow, whatever it says; and an overlap that is found is a real one."""

import dataclasses

from hypothesis import given
from hypothesis import strategies as st

from fullstory_mcp.gate import Limits, Standing, decide
from fullstory_mcp.policy import Rules, Ruling
from fullstory_mcp.policy.callers import Caller
from fullstory_mcp.policy.model import ACCESSES
from fullstory_mcp.policy.rows import Row
from fullstory_mcp.principal import LEVELS, SCOPES
from policy.pages import CALLER, CATALOGUE, STDIO, caller

TOOLS = sorted(CATALOGUE.tools)
AREAS = [area.name for area in CATALOGUE.areas]
PEOPLE = ("", "ana@example.com", "*@example.com", "bo@example.com", "*@sub.example.com")
CLIENTS = ("", "claude.ai", "https://claude.ai/oauth/client.json", "our-agent", "Claude.ai")

access = st.sampled_from(ACCESSES)
rules = st.builds(
    Rules,
    name=st.just("any"),
    areas=st.dictionaries(st.sampled_from(AREAS), access),
    tools=st.dictionaries(st.sampled_from(TOOLS), access, max_size=8),
)
standings = st.builds(
    Standing,
    level=st.sampled_from(LEVELS),
    known_by=st.just("said"),
    limits=st.builds(
        Limits,
        toolsets=st.frozensets(st.sampled_from(AREAS)),
        excluded=st.frozensets(st.sampled_from(TOOLS)),
        read_only=st.booleans(),
    ),
    scopes=st.none() | st.frozensets(st.sampled_from(SCOPES)),
)
rows = st.builds(
    Row,
    preset=st.just("any"),
    person=st.sampled_from(PEOPLE),
    group=st.sampled_from(("", "staff", "support", "admins")),
    key=st.sampled_from(("", "shared", "other")),
    client=st.sampled_from(CLIENTS),
    door=st.sampled_from((None, "stdio", "http", "oauth")),
)
principals = st.builds(
    caller,
    email=st.sampled_from(("", "ana@example.com", "bo@example.com", "x@sub.example.com")),
    groups=st.lists(st.sampled_from(("staff", "support", "admins")), max_size=3).map(tuple),
    named_key=st.sampled_from(("", "shared", "other")),
    client_id=st.sampled_from(("", "https://claude.ai/oauth/client.json", "our-agent")),
) | st.sampled_from((CALLER, STDIO, dataclasses.replace(STDIO, door="http")))


@given(standings, st.none() | rules, st.sampled_from(TOOLS))
def test_no_policy_gives_what_level_scopes_and_settings_do_not(
    standing: Standing, given_rules: Rules | None, tool: str
) -> None:
    """What is allowed with a policy is allowed without; without rules nothing is."""
    ruled = dataclasses.replace(standing, ruling=Ruling(given_rules, "row 1"))
    allowed = decide(ruled, CATALOGUE.tools[tool]).allowed

    assert not allowed or decide(standing, CATALOGUE.tools[tool]).allowed
    assert not allowed or given_rules is not None


@given(rows, rows, principals)
def test_whoever_fits_a_covered_row_fits_the_one_that_covers_it(
    row: Row, other: Row, who: object
) -> None:
    """So that a row which is called unreachable never is reached."""
    if row.covers(other) and other.fits(who):  # type: ignore[arg-type] # drawn as a Principal
        assert row.fits(who)  # type: ignore[arg-type] # the same


@given(rows, rows)
def test_a_caller_made_up_for_two_rows_fits_both(row: Row, other: Row) -> None:
    """Which is what `policy diff` stands on."""
    one, two = Caller.of(row), Caller.of(other)
    both = one.and_also(two)

    assert row.fits(one.principal()) or row.door in ("stdio", "http")
    if both is not None:
        assert row.fits(both.principal())
        assert other.fits(both.principal())
