"""Reads two linked records back as one plain sentence, and finds calls by who, what, when and how.

Ana (Claude) read the events of session 123:456: allowed by preset support; 200 in 0.4 s

An id that could pass for a part of the sentence stands in quotes and is cut.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from fullstory_mcp.audit.targets import as_id

Content = dict[str, Any]
"""A record as it was read."""

UNENDED = "unended"
OUTCOMES = ("answered", "asked", "refused", "failed", "cancelled", UNENDED)

_PLACE = re.compile(r"\{([\w.|]+)\}")
_PLACE_OR_PART = re.compile(r"\[([^\[\]]*)\]|\{([\w.|]+)\}")
_PLAIN_ID = re.compile(r"[\w.:@+%=-]{1,64}")
_MOST_SHOWN = 64
_QUOTES = str.maketrans(dict.fromkeys('“”„‟"«»', "'"))
_CONFIRMED = {
    "argument": ", confirmed by repeating the call",
    "question": ", confirmed by the client's user",
}
_SPENT = (("activations", "Activation"), ("events", "server event"))


@dataclass(frozen=True, slots=True)
class Told:
    """A call as its records tell it; one of them may be missing."""

    decided: Content = field(default_factory=dict)
    ended: Content = field(default_factory=dict)

    @property
    def at(self) -> str:
        """When it was decided, as far as is known."""
        return str((self.decided or self.ended).get("at", ""))

    @property
    def who(self) -> Content:
        """Who called."""
        return _mapping((self.decided or self.ended).get("who"))

    @property
    def tool(self) -> str:
        """The tool's name."""
        return str((self.decided or self.ended).get("tool", "?"))

    @property
    def targets(self) -> dict[str, list[str]]:
        """The ids it was about, by their place in the arguments."""
        ids = _mapping(self.decided.get("targets"))
        return {name: _texts(some) for name, some in ids.items()}

    @property
    def made(self) -> list[str]:
        """The ids that the answer to a write named."""
        return _texts(self.ended.get("made"))

    @property
    def outcome(self) -> str:
        """How it ended, or that no end is known."""
        return str(self.ended.get("outcome", UNENDED)) if self.ended else UNENDED


def paired(contents: Iterable[Content]) -> Iterator[Told]:
    """Calls in the order they ended; those of which only one record is there come last."""
    waiting: dict[str, Content] = {}
    for content in contents:
        call = str(content.get("call", ""))
        match content.get("kind"):
            case "decided":
                waiting[call] = content
            case "ended":
                yield Told(waiting.pop(call, {}), content)
    for content in waiting.values():
        yield Told(content)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is looked for; "" for anything. `since` and `until` are Unix seconds, both included."""

    person: str = ""
    client: str = ""
    tool: str = ""
    target: str = ""
    outcome: str = ""
    since: int | None = None
    until: int | None = None

    def fits(self, told: Told) -> bool:
        """Whether the call is one of those."""
        who = told.who
        return (
            _within(self.person, who, ("name", "email", "owner", "named_key", "key"))
            and _within(self.client, who, ("client", "client_id", "connection"))
            and self.tool in ("", told.tool)
            and self.outcome in ("", told.outcome)
            and (not self.target or self._aimed(told))
            and self._timely(told.at)
        )

    def _aimed(self, told: Told) -> bool:
        wanted = as_id(self.target)
        return wanted in told.made or any(wanted in ids for ids in told.targets.values())

    def _timely(self, at: str) -> bool:
        if self.since is None and self.until is None:
            return True
        try:
            seconds = int(seconds_of(at))
        except ValueError:
            return False
        after = self.since is None or seconds >= self.since
        return after and (self.until is None or seconds <= self.until)


def seconds_of(moment: str) -> float:
    """A moment (RFC 3339; UTC where it names no zone) as Unix seconds.

    Raises:
        ValueError: it is none.
    """
    read = datetime.fromisoformat(moment)
    return (read if read.tzinfo else read.replace(tzinfo=UTC)).timestamp()


def sentence(told: Told) -> str:
    """The call as one line of plain text."""
    decision = told.decided.get("decision")
    if decision == "asked":
        rule = told.decided.get("rule")
        rest = f"asked for {_named(told)}: to be confirmed first{f' ({rule})' if rule else ''}"
    else:
        done = told.outcome == "answered" and decision == "allowed"
        what = _did(told) if done else f"called {_named(told)}"
        rest = f"{what}: {_decision(told)}{_end(told)}{_spent(told.ended)}{_made(told)}"
    text = f"{_caller(told.who)} {rest}"
    return "".join(sign if sign.isprintable() else "?" for sign in text)


def _caller(who: Content) -> str:
    name = who.get("name") or _shown(str(who.get("owner") or "somebody"))
    client = who.get("client")
    return f"{name} ({client})" if client else str(name)


def _did(told: Told) -> str:
    """The tool's own phrase with the ids in it."""
    phrase = told.decided.get("did")
    if not isinstance(phrase, str):
        return f"called {_named(told)}"

    def filled(place: re.Match[str]) -> str:
        names = place[1].split("|")
        return next((_listed(name, told) for name in names if told.targets.get(name)), "")

    def told_of(found: re.Match[str]) -> str:
        part = found[1]
        if part is None:
            return _PLACE.sub(filled, found[0])
        return _PLACE.sub(filled, part) if any(map(filled, _PLACE.finditer(part))) else ""

    return _PLACE_OR_PART.sub(told_of, phrase).strip()


def _named(told: Told) -> str:
    """The tool and what it was called on."""
    if told.tool == "?":
        return "a tool that does not exist"
    ids = ", ".join(_listed(name, told) for name in told.targets)
    return f"{told.tool} on {ids}" if ids else told.tool


def _listed(name: str, told: Told) -> str:
    more = _mapping(told.decided.get("more")).get(name)
    listed = ", ".join(map(_shown, told.targets[name]))
    return f"{listed} and {more} more" if more else listed


def _shown(one: str) -> str:
    """An id as it may stand in a sentence."""
    if _PLAIN_ID.fullmatch(one):
        return one
    cut = one if len(one) <= _MOST_SHOWN else f"{one[:_MOST_SHOWN]}…"
    return f"“{cut.translate(_QUOTES)}”"


def _decision(told: Told) -> str:
    decided = told.decided
    by = _by(decided)
    confirmed = _CONFIRMED.get(str(decided.get("confirmation", "")), "")
    match decided.get("decision"):
        case "allowed":
            return f"allowed{by}{confirmed}"
        case "dry_run":
            return f"allowed{by}, as a dry run, which sends nothing"
        case "refused":
            return f"refused{by}"
    return "its decision is not recorded"


def _by(content: Content) -> str:
    """The rule that a record names."""
    rule = str(content.get("rule", ""))
    if not rule:
        return ""
    return f", as {rule}" if rule.startswith("no ") else f" by {rule}"


def _end(told: Told) -> str:
    ended = told.ended
    if not ended:
        return "; no end is recorded"
    status, reason, outcome = (ended.get(name) for name in ("status", "reason", "outcome"))
    why = ", ".join(str(part) for part in (reason, status) if part)
    if outcome == "answered":
        how = f"; {status or outcome}"
    elif outcome == told.decided.get("decision") == "refused":  # it was said already
        how = f" ({why})" if why else ""
    else:
        how = f"; {outcome}{_by(ended)} ({why})" if why else f"; {outcome}"
    milliseconds = ended.get("ms")
    seconds = milliseconds / 1000 if isinstance(milliseconds, int) else 0.0
    return f"{how} in {seconds:.1f} s"


def _spent(ended: Content) -> str:
    parts = [
        f"{ended[name]} {noun}{'' if ended[name] == 1 else 's'}"
        for name, noun in _SPENT
        if ended.get(name)
    ]
    return f", spending {' and '.join(parts)}" if parts else ""


def _made(told: Told) -> str:
    made = ", ".join(map(_shown, told.made))
    return f", with the id {made}" if made else ""


def _within(wanted: str, who: Content, names: tuple[str, ...]) -> bool:
    folded = wanted.casefold()
    return not wanted or any(folded in str(who.get(name, "")).casefold() for name in names)


def _texts(value: object) -> list[str]:
    return [str(one) for one in value] if isinstance(value, list) else []


def _mapping(value: object) -> Content:
    return value if isinstance(value, dict) else {}
