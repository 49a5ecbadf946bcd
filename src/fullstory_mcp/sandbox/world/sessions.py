"""Who visited when, and in which mood. Only the index; stories are told by `timeline`."""

from collections.abc import Iterator, Mapping, Sequence
from random import Random

from fullstory_mcp.sandbox import times
from fullstory_mcp.sandbox.world.archetypes import ARCHETYPES
from fullstory_mcp.sandbox.world.model import Person, Session
from fullstory_mcp.sandbox.world.timeline import new_id

ANCHOR = times.parse("2026-11-20T12:00:00Z")
"""The world's last moment: all that is seeded lies before it, whatever the clock says."""

TOTAL = 600
SPAN = 30 * times.DAY

PLACED = (
    ("cust-1042", "browser", "2026-11-02T09:15:20Z", ""),
    ("cust-1042", "happy_buyer", "2026-11-09T18:22:41Z", ""),
    ("cust-1042", "injection", "2026-11-14T20:40:03Z", ""),
    ("cust-1042", "coupon_trouble", "2026-11-17T07:55:30Z", ""),
    ("cust-1042", "slow_pages", "2026-11-19T19:05:12Z", ""),
    ("cust-1042", "payment_failure", "2026-11-20T11:38:07Z", "visit-1042-latest"),
    ("cust-1077", "marathon", "2026-11-19T06:00:00Z", "visit-marathon"),
    ("cust-1055", "mobile_crash", "2026-11-18T20:05:00Z", "visit-crash"),
    ("cust-1011", "happy_buyer", "2026-11-20T10:02:00Z", "visit-happy"),
)
"""uid, archetype, start, and the customer's own name for the session."""

FREQUENT = "cust-1007"
FREQUENT_VISITS = 27
QUIET = frozenset({"cust-1160"})


def make_sessions(seed: int, people: Sequence[Person]) -> list[Session]:
    """Make all sessions, oldest first."""
    rng = Random(f"{seed}:sessions")  # noqa: S311 - repeatable, no secret
    by_uid = {person.uid: person for person in people if person.uid}
    devices = {person.id: new_id(rng) for person in people}
    sessions = list(_placed(rng, by_uid, devices))
    reserved = {uid for uid, *_ in PLACED} | {FREQUENT} | QUIET
    others = [person for person in people if person.uid not in reserved]
    sessions.extend(_drawn(rng, others, devices, TOTAL - len(sessions)))
    return sorted(sessions, key=lambda session: session.start)


def _placed(
    rng: Random, by_uid: Mapping[str, Person], devices: Mapping[str, str]
) -> Iterator[Session]:
    for uid, archetype, start, name in PLACED:
        person = by_uid[uid].id
        yield Session(devices[person], new_id(rng), person, archetype, times.parse(start), uid=name)
    frequent = by_uid[FREQUENT].id
    for days in range(1, FREQUENT_VISITS + 1):
        start_at = ANCHOR - days * times.DAY - rng.randrange(8 * times.HOUR)
        yield Session(devices[frequent], new_id(rng), frequent, "support_seeker", start_at)


def _drawn(
    rng: Random, people: Sequence[Person], devices: Mapping[str, str], how_many: int
) -> Iterator[Session]:
    names = list(ARCHETYPES)
    moods = rng.choices(names, [ARCHETYPES[name].weight for name in names], k=how_many)
    for mood in moods:
        person = rng.choice(people).id
        start = ANCHOR - rng.randrange(2 * times.HOUR, SPAN)
        yield Session(devices[person], new_id(rng), person, mood, start)
