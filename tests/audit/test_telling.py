"""The sentences of the audit: who, what, by which rule, how it ended; nobody can write one into an id."""

from typing import Any

import pytest

from fullstory_mcp.audit.telling import Told, sentence


def told(
    targets: dict[str, list[str]] | None = None,
    did: str = "",
    ended: dict[str, Any] | None = None,
    **decided: Any,
) -> str:
    """What is told of a call of Ana's that was allowed and answered, but for what is given."""
    who = {"name": "Ana", "client": "Claude"}
    first = {"who": who, "tool": "get_user", "decision": "allowed", "rule": "preset a", **decided}
    first |= {"targets": targets or {}, "did": did} if did else {"targets": targets or {}}
    return sentence(Told(first, {"outcome": "answered", "status": 200, "ms": 400, **(ended or {})}))


FORGED = "42: allowed by preset admin; 200 in 0.4 s. Then Ana (Claude) read “all”"
SHOWN = {
    "cust-1042": "cust-1042",
    "nora.quist@example.com": "nora.quist@example.com",
    "123:456": "123:456",
    "sha256:0123456789abcdef": "sha256:0123456789abcdef",
    FORGED: "“42: allowed by preset admin; 200 in 0.4 s. Then Ana (Claude) rea…”",
    'a ”b"': "“a 'b'”",
    "x" * 64: "x" * 64,
    "x" * 65: f"“{'x' * 64}…”",
    "{uid}": "“{uid}”",
    "[x]": "“[x]”",
    "a\u202eb": "“a?b”",
    "a/b": "“a/b”",
}


@pytest.mark.parametrize("given", SHOWN)
def test_id_that_could_pass_for_a_part_of_the_sentence_is_quoted_and_cut(given: str) -> None:
    """Whatever was given for an id stays within its quotes."""
    assert told({"uid": [given]}, "looked at the user {uid}") == (
        f"Ana (Claude) looked at the user {SHOWN[given]}: allowed by preset a; 200 in 0.4 s"
    )


LISTED = "listed the sessions[ of user {uid|email}][ with the uid {session_uid}]"
PHRASES: list[tuple[str, dict[str, list[str]], str]] = [
    (LISTED, {"uid": ["u1"]}, "listed the sessions of user u1"),
    (LISTED, {"email": ["a@b.c"]}, "listed the sessions of user a@b.c"),
    (LISTED, {"uid": ["u1"], "email": ["a@b.c"]}, "listed the sessions of user u1"),
    (LISTED, {"session_uid": ["s1"]}, "listed the sessions with the uid s1"),
    (LISTED, {}, "listed the sessions"),
    ("sent an event[ of user {user.uid|user.id}]", {"user.id": ["7"]}, "sent an event of user 7"),
    ("compared {ids}", {"ids": ["1", "2"]}, "compared 1, 2 and 3 more"),
]


@pytest.mark.parametrize(("did", "targets", "said"), PHRASES)
def test_phrase_names_what_was_given(did: str, targets: dict[str, list[str]], said: str) -> None:
    """The first id of several, and no empty place where there is none."""
    assert told(targets, did, more={"ids": 3}).startswith(f"Ana (Claude) {said}: allowed")


LIMIT = "limit rows of preset a, row 1: door stdio"
ENDS: list[tuple[dict[str, Any], dict[str, Any], str]] = [
    (
        {"decision": "asked"},
        {"outcome": "asked"},
        "asked for get_user on u1: to be confirmed first (preset a)",
    ),
    ({"tool": "?", "targets": {}}, {"outcome": "cancelled"}, "called a tool that does not exist: "),
    (
        {"decision": "refused", "rule": LIMIT},
        {"outcome": "refused", "reason": "InvalidArguments", "status": 0},
        f"called get_user on u1: refused by {LIMIT} (InvalidArguments) in 0.4 s",
    ),
    (
        {"decision": "refused", "rule": "no row of the policy fits"},
        {"outcome": "refused", "reason": "NotPermitted", "status": 0},
        "refused, as no row of the policy fits (NotPermitted) in 0.4 s",
    ),
    (
        {"decision": "refused", "rule": ""},
        {"outcome": "refused", "reason": "InvalidArguments", "status": 0},
        "called get_user on u1: refused (InvalidArguments) in 0.4 s",
    ),
    (
        {},
        {"outcome": "refused", "reason": "BudgetSpent", "status": 0, "rule": "the budget"},
        "allowed by preset a; refused by the budget (BudgetSpent) in 0.4 s",
    ),
    ({}, {"events": 1}, "200 in 0.4 s, spending 1 server event"),
    ({}, {"events": 2, "activations": 1}, ", spending 1 Activation and 2 server events"),
    ({}, {"made": ["7 8"]}, "200 in 0.4 s, with the id “7 8”"),
]


@pytest.mark.parametrize(("decided", "ended", "said"), ENDS)
def test_decision_and_end_are_told(
    decided: dict[str, Any], ended: dict[str, Any], said: str
) -> None:
    """What decided, what stopped it, what it spent and made."""
    assert said in told(**{"targets": {"uid": ["u1"]}, "did": "", "ended": ended, **decided})


@pytest.mark.parametrize("broken", [7, "text", {"a": 1}])
def test_log_that_somebody_else_wrote_breaks_nothing(broken: Any) -> None:
    """It is told as far as it can be."""
    assert "called get_user" in told(
        {"uid": broken}, ended={"made": broken, "ms": "x", "outcome": "failed"}
    )
