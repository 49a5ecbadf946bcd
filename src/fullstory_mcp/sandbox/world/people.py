"""The people of the shop, all invented, all at example.com."""

from random import Random
from typing import Any

from fullstory_mcp.sandbox import times
from fullstory_mcp.sandbox.world import shop
from fullstory_mcp.sandbox.world.model import Person
from fullstory_mcp.sandbox.world.timeline import new_id

KNOWN = 160
ANONYMOUS = 40
FIRST_NUMBER = 1001

_FIRST = (  # noqa: SIM905 - reads better as words
    "Ada Bram Cleo Dov Edda Fern Gus Hesper Ilka Joss Kit Lark Mavis Nib Odo Pip Quill Rue "
    "Sorrel Tansy Ulf Vesper Wren Xanthe Yarrow Zeb"
).split()
_LAST = (  # noqa: SIM905 - reads better as words
    "Applebrook Birdwhistle Cobblepot Dandyhat Elmsworthy Figgins Gorsebush Hobnail Inkwell "
    "Jellicoat Knapweed Larkspurrow Mosswick Nettlefold Oddwick Pennyloaf Quickbeam"
).split()

NAMED = {
    "cust-1007": "Osric Fennimore",
    "cust-1011": "Petra Oddwick",
    "cust-1042": "Nora Quist",
    "cust-1055": "Tobin Larkspurrow",
    "cust-1066": "Mallory Trickwell",
    "cust-1077": "Rupert Longstride",
    "cust-1160": "Quiet Mosswick",
}
"""People that tests and demonstrations know by name."""


def make_people(seed: int, anchor: int) -> list[Person]:
    """Make everybody, in a fixed order: known people first, then anonymous visitors."""
    rng = Random(f"{seed}:people")  # noqa: S311 - repeatable, no secret
    numbers = range(FIRST_NUMBER, FIRST_NUMBER + KNOWN)
    names = rng.sample([f"{first} {last}" for first in _FIRST for last in _LAST], KNOWN)
    known = [_known(rng, f"cust-{n}", name, anchor) for n, name in zip(numbers, names, strict=True)]
    return known + [_anonymous(rng, anchor) for _ in range(ANONYMOUS)]


def _known(rng: Random, uid: str, drawn_name: str, anchor: int) -> Person:
    name = NAMED.get(uid, drawn_name)
    joined = anchor - rng.randrange(40, 900) * times.DAY
    properties = _properties(rng, joined)
    if name == "Mallory Trickwell":
        properties["delivery_note"] = shop.INJECTION
    email = f"{name.lower().replace(' ', '.')}@example.com"
    return Person(new_id(rng), uid, name, email, properties, created=joined)


def _properties(rng: Random, joined: int) -> dict[str, Any]:
    return {
        "plan": rng.choice(("basic", "plus", "gold")),
        "lifetime_value": round(rng.uniform(0, 2_400), 2),
        "newsletter": rng.random() < 0.5,
        "favourite_tags": rng.sample(["boots", "tents", "lights", "kitchen", "sale"], 2),
        "joined": times.stamp(joined),
        "loyalty": {"level": rng.choice(("fern", "oak")), "points": rng.randrange(0, 5_000)},
    }


def _anonymous(rng: Random, anchor: int) -> Person:
    return Person(new_id(rng), created=anchor - rng.randrange(1, 30) * times.DAY)
