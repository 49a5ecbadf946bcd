"""What goes wrong again and again: troubles of many sessions by kind, page and element."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from fullstory_mcp.catalogue import JSON
from fullstory_mcp.shaping.fitting import Row, counted_as
from fullstory_mcp.shaping.story import header
from fullstory_mcp.shaping.story.visits import Trouble, Visit, each_trouble
from fullstory_mcp.shaping.text import Cleaner

Alike = tuple[str, str, str]
"""Kind, page and element: what makes troubles of different sessions the same."""


@dataclass(frozen=True, slots=True)
class Seen:
    """The troubles of one session: each once, with how often; all texts cleaned."""

    session_id: str
    user: str
    replay: str
    troubles: dict[Alike, tuple[Trouble, int]]


@dataclass(slots=True)
class Friction:
    """One trouble over all sessions that met it; `example` is the first of them."""

    trouble: Trouble
    example: Seen
    sessions: int = 0
    times: int = 0
    users: set[str] = field(default_factory=set)

    @property
    def rank(self) -> tuple[int, int, int, int]:
        """Sorts the most sessions first, then users, weight and number."""
        return -self.sessions, -len(self.users), -self.trouble.kind.weight, -self.times


def seen_in(visit: Visit, user: str, cleaner: Cleaner) -> Seen:
    """What went wrong in one session of `user`."""
    troubles: dict[Alike, tuple[Trouble, int]] = {}
    for trouble in each_trouble(visit, cleaner):
        alike = trouble.kind.name, trouble.place, trouble.alike
        first, before = troubles.get(alike, (trouble, 0))
        troubles[alike] = first, before + trouble.times
    session_id = cleaner.line(visit.session_id, 80)
    return Seen(session_id, user, header.replay(visit.story.url), troubles)


def frictions_of(seen: Iterable[Seen]) -> list[Friction]:
    """The troubles of all sessions as one list, those that most sessions met first."""
    found: dict[Alike, Friction] = {}
    for session in seen:
        for alike, (trouble, times) in session.troubles.items():
            friction = found.setdefault(alike, Friction(trouble, session))
            friction.sessions += 1
            friction.times += times
            friction.users.add(session.user)
    return sorted(found.values(), key=lambda friction: friction.rank)


def as_rows(frictions: Iterable[Friction], read: int, cleaner: Cleaner) -> list[Row]:
    """Each as a line and as JSON; `read` is how many sessions were read."""
    return [
        Row(_told(one, read, cleaner), "friction", "frictions", _as_data(one, cleaner))
        for one in frictions
    ]


def _told(friction: Friction, read: int, cleaner: Cleaner) -> str:
    trouble, example = friction.trouble, friction.example
    counts = ", ".join(
        [
            f"{friction.sessions} of {counted_as(read, 'session')}",
            counted_as(len(friction.users), "user"),
            counted_as(friction.times, "time"),
        ]
    )
    where = f"{trouble.what} on {cleaner.quote(trouble.place, 100)}"
    link = example.replay or example.session_id
    return f"- {where}: {counts}; e.g. {trouble.first.handle} in {link}"


def _as_data(friction: Friction, cleaner: Cleaner) -> JSON:
    trouble, example = friction.trouble, friction.example
    return {
        "kind": trouble.kind.name,
        "what": trouble.what,
        "page": cleaner.line(trouble.place, 100),
        "sessions": friction.sessions,
        "users": len(friction.users),
        "times": friction.times,
        "example": {
            "session_id": example.session_id,
            "at": trouble.first.handle,
            "replay": example.replay,
        },
    }
