"""review_user: a person's newest sessions, the one that went worst as a reading."""

from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import Any

from fullstory_mcp.catalogue import JSON, Tool
from fullstory_mcp.composites.answers import CONTEXT, price_of_more
from fullstory_mcp.composites.legs import Outcomes, Steps, afforded, budget, contexts, permitted
from fullstory_mcp.composites.listing import LIST, Listed, sessions_of
from fullstory_mcp.composites.way import Way
from fullstory_mcp.shaping import Position, Rendered
from fullstory_mcp.shaping.fitting import counted_as
from fullstory_mcp.shaping.story import Plan, Reading, ranked
from fullstory_mcp.shaping.story.review import Review
from fullstory_mcp.shaping.story.visits import Visit, brief, scale, visit_of

MOST_SESSIONS = 5


class _Chosen:
    """Keeps one of the visits that pass: the one asked for, else the worst, the newest of equals.

    The others are let go of at once, so that ten long sessions are not held together.
    """

    def __init__(self, ids: Sequence[str], asked: str | None) -> None:
        self._ids = ids
        self._asked = asked
        self.visit: Visit | None = None

    def offered(self, visit: Visit) -> None:
        """Keeps `visit` where it comes before the one kept so far."""
        if self.visit is None or self._rank(visit) > self._rank(self.visit):
            self.visit = visit

    def _rank(self, visit: Visit) -> tuple[bool, int, int]:
        return visit.session_id == self._asked, visit.score, -self._ids.index(visit.session_id)


async def review_user(way: Way, _: Tool, arguments: JSON) -> Rendered:
    """The review of one person.

    Raises:
        NotPermitted: list_sessions or generate_context may not be used.
        UpstreamError: the sessions could not be listed.
    """
    permitted(way, LIST, CONTEXT)
    listed = await _listed(way, arguments)
    if not listed:
        return Rendered("Cost: none.\nNo session of this person is known: check uid and email.")
    chosen = _Chosen(list(listed), arguments.get("session_id"))

    def use(data: Any, session_id: str) -> str:
        visit = visit_of(data, session_id)
        chosen.offered(visit)
        return brief(visit, way.cleaner)

    most = min(afforded(arguments), len(listed))
    steps = Steps(way, 1 + most)
    await steps.tell(f"Reading {counted_as(most, 'session')} for {counted_as(most, 'Activation')}")
    outcomes = await contexts(way, steps, list(listed), most, use)
    return _rendered(way, arguments, listed, outcomes, chosen.visit)


async def _listed(way: Way, arguments: JSON) -> dict[str, Listed]:
    """The sessions by id, the one asked for first, then the newest first, max_sessions at most."""
    person: JSON = {name: arguments[name] for name in ("uid", "email") if name in arguments}
    most = int(arguments.get("max_sessions", MOST_SESSIONS))
    found = await sessions_of(way, person, most)
    by_id = {session.session_id: session for session in found}
    if (asked := arguments.get("session_id")) is None:
        return by_id
    with_asked = {asked: by_id.get(asked, Listed(asked, "", None)), **by_id}
    return dict(islice(with_asked.items(), most))


def _rendered(
    way: Way,
    arguments: JSON,
    listed: dict[str, Listed],
    outcomes: Outcomes[str],
    visit: Visit | None,
) -> Rendered:
    others = list(_others(way, listed, outcomes, visit))
    if visit is None:
        return Rendered("\n".join([outcomes.cost, *others]), is_error=True)
    head = [outcomes.cost, _why(visit, outcomes, listed.get(arguments.get("session_id", "")))]
    review = Review(head, _reading(way, visit), others)
    return Rendered(review.within(budget(arguments)))


def _others(
    way: Way, listed: dict[str, Listed], outcomes: Outcomes[str], visit: Visit | None
) -> Iterator[str]:
    """A line for each session but the one that is read."""
    for session_id, session in listed.items():
        if session_id in outcomes.read:
            if visit is None or session_id != visit.session_id:
                yield f"- {outcomes.read[session_id]}"
        else:
            why = outcomes.why_not(session_id, way.cleaner)
            yield f"- {session.told(way.cleaner)} · {why}"


def _why(visit: Visit, outcomes: Outcomes[str], asked: Listed | None) -> str:
    """Which session is read below, and why that one."""
    read = f"{counted_as(len(outcomes.read), 'session')} read."
    if asked and visit.session_id == asked.session_id:
        among = "" if asked.created or asked.replay else ", which is not among this person's newest"
        return f"{read} Below is the one asked for{among}: {_score(visit)}."
    if asked:
        read = f"{read} The one asked for could not be."
    if not visit.score:
        return f"{read} Nothing that Fullstory detects went wrong. Below is the newest."
    return f"{read} Below is the one that went worst: {_score(visit)}."


def _score(visit: Visit) -> str:
    """The score, and what it sums up."""
    return f"score {visit.score} ({scale()})" if visit.score else "score 0"


def _reading(way: Way, visit: Visit) -> Callable[[int], str]:
    """The first part of the session's reading; to read on, its cursor is generate_context's."""
    order, mixed = ranked(visit.units, "all")
    reading = Reading(visit.story, way.cleaner, visit.units, Plan(order, mixed))
    tool, asked = way.catalogue.tools[CONTEXT], {"session_id": visit.session_id}

    def onward(place: int) -> str:
        cursor = way.cursors.write(tool, asked, way.principal, Position(offset=place))
        call = f'{CONTEXT} with session_id "{visit.session_id}" and cursor: "{cursor}"'
        return f"To read on: {call} ({price_of_more(way)})."

    return lambda tokens: reading.part(0, tokens, onward, as_json=False).text
