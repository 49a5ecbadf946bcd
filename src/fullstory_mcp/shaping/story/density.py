"""How densely a reading is told: the fewer tokens there are, the less room each thing gets.

One table, from the roomiest to the tightest. A density that asks for `all` is taken where all that
is worth telling fits in it; the others where at least one event does.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Density:
    """`quote`: most characters of a quoted text; `properties`: most of a custom event.

    `dated`: most occurrences of each kind of trouble that are listed with their times (0: only
    counted). `by_page`: pages as headings with their events below, else one list of lines.
    `brief` leaves out what a handle leads to as well: addresses of pages that have a title,
    selectors of elements that have a text, sizes of screens. `stay`: whether pages tell how long
    their events lasted. `head`: whether it says where and on what, and the replay link.
    """

    quote: int
    properties: int
    dated: int
    by_page: bool = False
    all: bool = False
    brief: bool = True
    stay: bool = True
    head: bool = True


READING = (
    Density(quote=160, properties=12, dated=5, by_page=True, all=True, brief=False),
    Density(quote=100, properties=8, dated=3, by_page=True, all=True, brief=False),
    Density(quote=100, properties=6, dated=3, all=True),
    Density(quote=100, properties=4, dated=1, all=True),
    Density(quote=100, properties=3, dated=0, stay=False),
    Density(quote=32, properties=2, dated=0, stay=False),
    Density(quote=8, properties=1, dated=0, stay=False, head=False),
)
"""For a reading of a session."""

IN_FULL = tuple(
    Density(quote=quote, properties=properties, dated=0, by_page=True, brief=False)
    for quote, properties in ((16_000, 1_000), (2_000, 200), (400, 40), (60, 8), (8, 1))
)
"""For a part of a session that was asked for."""
