"""Tells what happened in one session, from its archetype's script and its own random seed.

The same seed and session always give the same story, whichever is asked for first.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from random import Random
from typing import Any
from urllib.parse import quote

from fullstory_mcp.sandbox.world import shop
from fullstory_mcp.sandbox.world.archetypes import ARCHETYPES, SCENES, Archetype
from fullstory_mcp.sandbox.world.beats import Beat
from fullstory_mcp.sandbox.world.model import Moment, PageVisit, Session, Story
from fullstory_mcp.sandbox.world.visitors import APP_MACHINES, PLACES, WEB_MACHINES

FULL = 5_000
"""Events that fill a session; a full one takes no more."""

_GAPS: Mapping[str, tuple[int, int]] = {
    "navigate": (900, 4_000),
    "load": (300, 900),
    "cls": (20, 200),
    "request": (80, 500),
    "console": (2, 30),
    "exception": (2, 40),
    "custom": (5, 300),
    "identify": (5, 60),
    "input": (1_500, 9_000),
}
_USUAL_GAP = (700, 6_000)

_SEARCHES: Mapping[str, tuple[str, ...]] = {
    "plain": shop.SEARCHES,
    "lost": shop.LOST_SEARCHES,
    "injection": (shop.INJECTION,),
}


def tell(seed: int, session: Session) -> Story:
    """Make the story of a session."""
    rng = Random(f"{seed}:story:{session.id}")  # noqa: S311 - repeatable, no secret
    archetype = ARCHETYPES[session.archetype]
    place = rng.choice(PLACES)
    teller = _Teller(rng, archetype, session)
    teller.run()
    return Story(
        session=session,
        machine=rng.choice(APP_MACHINES if archetype.mobile else WEB_MACHINES),
        place=place,
        ip_address=f"{place.network}.{rng.randrange(1, 255)}",
        pages=tuple(teller.pages),
        moments=tuple(teller.moments),
    )


def beats_of(script: str, rng: Random) -> Iterator[Beat]:
    """Walk a script: `scene?` half of the time, `scene*` one to three times."""
    for word in script.split():
        times = {"?": rng.randrange(2), "*": rng.randrange(1, 4)}.get(word[-1], 1)
        for _ in range(times):
            yield from SCENES[word.rstrip("?*")]


def fill(value: Any, cast: Mapping[str, Any]) -> Any:
    """Fill the cast into a text, or into every value of a mapping; `=name` gives it raw."""
    if isinstance(value, dict):
        return {key: fill(entry, cast) for key, entry in value.items()}
    if isinstance(value, str):
        return cast[value[1:]] if value.startswith("=") else value.format_map(cast)
    return value


def new_id(rng: Random) -> str:
    """Make an int64-like id of sixteen digits; about one in six is beyond 2^53."""
    return str(rng.randrange(4 * 10**15, 10**16))


class _Teller:
    """Plays a script beat by beat, moving a clock and a current page."""

    def __init__(self, rng: Random, archetype: Archetype, session: Session) -> None:
        self._rng = rng
        self._archetype = archetype
        self._now = session.start
        self._session = session
        self._cast = self._pick_cast()
        self.pages: list[PageVisit] = []
        self.moments: list[Moment] = []

    def run(self) -> None:
        script = self._archetype.script or ""
        if not script:
            self._enter_page("server")
        for beat in beats_of(script, self._rng):
            self._play(beat)
        while self._session.archetype == "marathon" and len(self.moments) < FULL:
            for beat in beats_of(script, self._rng):
                self._play(beat)
        del self.moments[FULL:]

    def _pick_cast(self) -> dict[str, Any]:
        rng = self._rng
        query = rng.choice(_SEARCHES[self._archetype.searches])
        return {
            "query": query,
            "query_quoted": quote(query),
            "coupon": rng.choice(shop.COUPONS),
            "order": f"SB-{rng.randrange(100_000, 1_000_000)}",
            "ticket": f"TCK-{rng.randrange(1_000, 10_000)}",
        } | self._pick_product()

    def _pick_product(self) -> dict[str, Any]:
        product = self._rng.choice(shop.PRODUCTS)
        return {
            "product": product.name,
            "slug": product.slug,
            "category": product.category,
            "price": product.price,
        }

    def _play(self, beat: Beat) -> None:
        if beat.kind == "go":
            self._arrive(beat)
        else:
            element = shop.ELEMENTS.get(beat.where)
            self._note(beat.kind, element, fill(dict(beat.facts), self._cast), beat.source)

    def _arrive(self, beat: Beat) -> None:
        if beat.where == "category":
            self._cast |= self._pick_product()
        self._pass_time("navigate")
        self._enter_page(beat.where)
        self._append("navigate", None, {"reason": beat.facts["reason"]})
        if not self._archetype.mobile:
            self._note("load", None, self._load_times(beat.facts["slow"]))
            self._note("cls", None, {"score": round(self._rng.uniform(0.0005, 0.12), 4)})

    def _enter_page(self, name: str) -> None:
        page = shop.PAGES[name]
        path = page.path.format_map(self._cast)
        title = page.title.format_map(self._cast)
        self.pages.append(PageVisit(new_id(self._rng), name, path, title, self._now))

    def _load_times(self, slow: float) -> dict[str, int]:
        first_byte = self._rng.randrange(60, 320)
        shares = {"ttfb": 1.0, "paint": 2.4, "content": 4.1, "lcp": 5.2, "load": 7.5}
        return {name: round(first_byte * share * slow) for name, share in shares.items()}

    def _note(
        self,
        kind: str,
        element: shop.Element | None,
        facts: Mapping[str, Any],
        source: str = "dom",
    ) -> None:
        self._pass_time(kind)
        self._append(kind, element, facts, source)

    def _append(
        self,
        kind: str,
        element: shop.Element | None,
        facts: Mapping[str, Any],
        source: str = "dom",
    ) -> None:
        if element and "{" in element.text:
            element = replace(element, text=element.text.format_map(self._cast))
        here = len(self.pages) - 1
        self.moments.append(Moment(self._now, here, kind, element, facts, source))

    def _pass_time(self, kind: str) -> None:
        self._now += self._rng.randrange(*_GAPS.get(kind, _USUAL_GAP))
