"""Sessions of 50 to 5,000 events with ten facts planted in each: what the facts benchmark reads.

The sessions are the sandbox's. Short ones are extended by further visits of other visitors, hours
later, until they are long enough: more kinds of trouble and pages than one visitor has. Facts are
texts that stand nowhere else in their session, of the length such texts have, put at random places
among the real events. All of it comes from one seed.
"""

import copy
import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Any

import httpx2

from fullstory_mcp.sandbox import create_app
from plants import PLANTS, Plant

JSON = dict[str, Any]

SIZES = (50, 50, 60, 75, 90, 110, 140, 180, 230, 300, 400, 550, 750, 1000, 1400, 1900, 2600, 3500)
"""Events of the sessions that are made by extending; longer and untouched ones come beside them."""

UNTOUCHED = ("visit-1042-latest", "visit-marathon")
"""Sessions read as the sandbox has them: a failed payment of 52 events, and one of 5,000."""

FACTS = 10


@dataclass(frozen=True, slots=True)
class Fact:
    """Something that happened, and the texts by which it is recognised in a reading."""

    kind: str
    needles: tuple[str, ...]
    in_order: bool = False

    def is_in(self, text: str) -> bool:
        """Whether `text` holds every needle (and the first before the second, where order counts)."""
        places = [text.find(needle) for needle in self.needles]
        return min(places) >= 0 and (not self.in_order or places == sorted(places))


@dataclass(frozen=True, slots=True)
class Session:
    """A session's id, the API's answer about it, and what was planted in the answer."""

    session_id: str
    answer: JSON
    facts: tuple[Fact, ...]

    @property
    def events(self) -> int:
        """How many events the answer holds."""
        return sum(len(page["events"]) for page in self.answer["context_data"]["pages"])


async def planted_sessions(seed: int) -> list[Session]:
    """The benchmark's sessions, shortest first."""
    rng = Random(f"{seed}:facts")  # noqa: S311 - repeatable, no secret
    sandbox = create_app()
    world = sandbox.state.sandbox.world
    transport = httpx2.ASGITransport(app=sandbox)
    key = {"Authorization": "Basic na1.sandbox-admin"}
    async with httpx2.AsyncClient(
        transport=transport, base_url="http://sandbox", headers=key
    ) as api:

        async def read(session_id: str) -> JSON:
            answer = await api.post(
                f"/v2/sessions/{session_id.replace(':', '%3A')}/context", json={}
            )
            answer.raise_for_status()
            return dict(answer.json())

        answers = [await read(world.named_session(name).id) for name in UNTOUCHED]
        ordinary = [one.id for one in world.sessions.values() if not one.uid]
        for size, first in zip(SIZES, rng.sample(ordinary, len(SIZES)), strict=True):
            answer = await read(first)
            while _count(answer) < size:
                _extend(answer, await read(rng.choice(ordinary)), rng)
            answers.append(_cut(answer, size))
    return sorted((_planted(answer, rng) for answer in answers), key=lambda one: one.events)


def _pages(answer: JSON) -> list[JSON]:
    pages: list[JSON] = answer["context_data"]["pages"]
    return pages


def _count(answer: JSON) -> int:
    return sum(len(page["events"]) for page in _pages(answer))


def _extend(answer: JSON, later: JSON, rng: Random) -> None:
    """Adds the pages of a later visit, its times moved to one to thirty minutes after the end."""
    end = _time(_pages(answer)[-1]["events"][-1])
    pause = timedelta(minutes=rng.randrange(1, 31))
    move = end + pause - _time(_pages(later)[0]["events"][0])
    for page in _pages(later):
        for event in page["events"]:
            event["timestamp"] = _stamp(_time(event) + move)
    _pages(answer).extend(_pages(later))


def _cut(answer: JSON, size: int) -> JSON:
    """The first `size` events of a session that was extended past it."""
    left = size
    for page in _pages(answer):
        page["events"] = page["events"][: max(left, 0)]
        left -= len(page["events"])
    answer["context_data"]["pages"] = [page for page in _pages(answer) if page["events"]]
    return answer


def _time(event: JSON) -> datetime:
    return datetime.fromisoformat(event["timestamp"])


def _stamp(time: datetime) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ")


def _planted(answer: JSON, rng: Random) -> Session:
    """The session with ten facts: one of each kind, the others of kinds drawn at random."""
    answer = copy.deepcopy(answer)
    before = json.dumps(answer)
    kinds = [*PLANTS, *rng.choices(list(PLANTS), k=FACTS - len(PLANTS))]
    unused = {kind: rng.sample(plants, len(plants)) for kind, plants in PLANTS.items()}
    facts = []
    for kind in kinds:
        if kind == "page order":
            fact = _plant_pages(answer, unused[kind].pop(), unused[kind].pop(), rng)
        else:
            fact = _plant_event(answer, kind, unused[kind].pop(), rng)
        facts.append(fact)
    assert not any(needle in before for fact in facts for needle in fact.needles)
    session_id = answer["context_data"]["context"]["session_id"]
    return Session(session_id, answer, tuple(facts))


def _plant_event(answer: JSON, kind: str, plant: Plant, rng: Random) -> Fact:
    """Puts an event at a random place among the real ones, at the time of the one before it."""
    page = rng.choice(_pages(answer))
    place = rng.randrange(1, len(page["events"]) + 1)
    page["events"].insert(
        place, {"timestamp": page["events"][place - 1]["timestamp"], **plant.event}
    )
    return Fact(kind, plant.needles)


def _plant_pages(answer: JSON, one: Plant, other: Plant, rng: Random) -> Fact:
    """Puts two pages at random places between the real ones; the fact is which came first."""
    pages = _pages(answer)
    first, second = sorted(rng.randrange(1, len(pages) + 1) for _ in range(2))
    for place, plant in ((second, other), (first, one)):
        stamp = pages[place - 1]["events"][-1]["timestamp"]
        events = [{"timestamp": stamp, **event} for event in plant.page["events"]]
        pages.insert(place, {**plant.page, "tab": 1, "events": events})
    return Fact("page order", (*one.needles, *other.needles), in_order=True)
