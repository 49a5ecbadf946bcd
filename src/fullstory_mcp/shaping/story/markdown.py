"""One part of a reading as markdown: head, what went wrong, the story, and what was left out."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from fullstory_mcp.shaping.story import header
from fullstory_mcp.shaping.story.choice import Choice, Ground, Manner
from fullstory_mcp.shaping.story.lines import Lines, origin_of, times
from fullstory_mcp.shaping.story.model import Event
from fullstory_mcp.shaping.story.troubles import UNFINISHED, Wrong, what_went_wrong
from fullstory_mcp.shaping.text import NOTE
from fullstory_mcp.shaping.tokens import estimate

_PAGES_NAMED = 3
_SHORTENED = "…”"


@dataclass(frozen=True, slots=True)
class _Line:
    """One unit: its page, its time, and its handle with what happened. `opens`: the page's arrival."""

    page: int
    at: str
    told: str
    opens: bool


class Markdown:
    """Writes parts of one reading in one manner; lines are kept, because they are asked for again."""

    def __init__(self, ground: Ground, manner: Manner) -> None:
        self._ground = ground
        self._density = manner.density
        self._manner = manner
        self._lines = Lines(ground.story, ground.cleaner, manner.density)
        self._written: dict[int, _Line] = {}
        self._sizes: dict[str, int] = {}
        self._opening: list[str] | None = None
        self._wrong: list[str] | None = None

    def size(self, choice: Choice, limit: int) -> int:
        """Estimated tokens of the part; any number above `limit` where it is larger."""
        size = 0
        for line in self._all(choice):
            size += self._tokens(line)
            if size > limit:
                break
        return size

    def text(self, choice: Choice) -> str:
        """The part."""
        return "\n".join(self._all(choice))

    def _tokens(self, line: str) -> int:
        if (size := self._sizes.get(line)) is None:
            size = self._sizes[line] = estimate(f"{line}\n")
        return size

    def _all(self, choice: Choice) -> Iterator[str]:
        yield from self._head(choice)
        if choice.sums:
            yield from self._summed()
        shortened = 0
        for line in (
            self._by_page(choice.places) if self._density.by_page else self._in_a_row(choice.places)
        ):
            shortened += line.count(_SHORTENED)
            yield line
        yield from self._closing(choice, shortened)

    def _head(self, choice: Choice) -> list[str]:
        ground, density = self._ground, self._density
        if choice.part:
            return [header.title(ground.story, ground.cleaner, choice.part), NOTE]
        if self._opening is None:
            room = header.Room(
                density.quote, self._manner.properties, not density.brief, density.head
            )
            self._opening = [*header.markdown(ground.story, ground.cleaner, room), NOTE]
        return self._opening

    def _summed(self) -> list[str]:
        """What went wrong, and the heading of the story; the same whatever is chosen."""
        if self._wrong is None:
            self._wrong = ["# What went wrong", *self._went_wrong(), "# Story"]
        return self._wrong

    def _went_wrong(self) -> list[str]:
        ground, most = self._ground, self._density.dated
        wrong = what_went_wrong(ground.story, ground.troubles, most)
        forms = ground.troubles.abandoned
        if not wrong and not forms:
            return [_nothing(ground)]
        if not most:
            counts = [f"{one.label}{times(one.count)} ({_pages(one.pages)})" for one in wrong]
            return [
                ", ".join(
                    [*counts, f"{UNFINISHED}{times(len(forms))} (inferred)"] if forms else counts
                )
            ]
        return [*map(self._kind, wrong), *([self._forms(forms)] if forms else [])]

    def _kind(self, wrong: Wrong) -> str:
        """`- failed request ×3 on p6: +01:45 p6e8 after p6e6 click, and 2 more`."""
        dated = [
            f"{self._lines.at(unit)}{times(len(unit.events))}{_after(cause)}"
            for unit, cause in wrong.dated
        ]
        more = f", and {wrong.others:,} more" if wrong.others else ""
        return f"- {wrong.label}{times(wrong.count)} on {_pages(wrong.pages)}: {', '.join(dated)}{more}"

    def _forms(self, forms: Sequence[Event]) -> str:
        most = self._density.dated
        dated = ", ".join(f"{self._lines.since(event.at)} {event.handle}" for event in forms[:most])
        more = f", and {len(forms) - most:,} more" if len(forms) > most else ""
        return f"- {UNFINISHED}{times(len(forms))} (inferred: no press that worked after the last input): {dated}{more}"

    def _by_page(self, places: Sequence[int]) -> Iterator[str]:
        """Each page that has a chosen unit, with those units below it."""
        units = self._ground.units
        shown: Counter[int] = Counter()
        for place in places:
            shown[units[place].first.page] += len(units[place].events)
        number, origin = 0, ""
        for place in places:
            line = self._line(place)
            if line.page != number:
                number = line.page
                page = self._ground.story.page(number)
                opening = units[place] if line.opens else None
                yield self._lines.heading(page, opening, shown[number], origin)
                origin = origin_of(page.url)
            if not line.opens:
                yield f"- {line.at} {line.told}"

    def _in_a_row(self, places: Sequence[int]) -> Iterator[str]:
        """One line for all that happened within the same second, on the same page."""
        written, before = "", None
        for line in map(self._line, places):
            if before and (line.page, line.at) == (before.page, before.at):
                written = f"{written}; {line.told}"
                continue
            if before:
                yield written
            written, before = f"{line.at} {line.told}", line
        if before:
            yield written

    def _line(self, place: int) -> _Line:
        if (line := self._written.get(place)) is None:
            unit, lines = self._ground.units[place], self._lines
            alike = self._ground.alike.get(unit.handle) if self._density.dated else None
            told = f"{unit.handle} {lines.told(unit)}{f' ({alike:,} alike)' if alike else ''}"
            line = _Line(unit.first.page, lines.since(unit.first.at), told, opens=lines.opens(unit))
            self._written[place] = line
        return line

    def _closing(self, choice: Choice, shortened: int) -> Iterator[str]:
        if choice.left:
            yield self._left_out(choice)
        elif choice.more:
            yield choice.more
        if shortened:
            how = (
                "a larger max_tokens"
                if self._ground.in_full
                else "read_session with a handle as `at`"
            )
            yield f"Shortened texts (…): {shortened:,}; {how} shows them in full."
        yield from choice.remarks

    def _left_out(self, choice: Choice) -> str:
        kinds = choice.left_out(self._density).items()
        parts = ", ".join(f"{label}{times(count)}" for label, count in kinds)
        return f"Left out: {sum(choice.left.values()):,} events ({parts}). {choice.more}"


def _nothing(ground: Ground) -> str:
    events = "the events read so far" if ground.beyond else "the events of this call"
    app = ground.story.device and not ground.story.device.get("browser")
    crashes = " Crashes of an app are told by get_session_events only." if app else ""
    return f"Nothing that Fullstory detects, in {events}.{crashes}"


def _after(cause: Event | None) -> str:
    return f" after {cause.handle} {cause.kind.label}" if cause else ""


def _pages(pages: Counter[int]) -> str:
    """`p6`, `p3 ×2, p9`, or `80 pages`."""
    if len(pages) <= _PAGES_NAMED:
        return ", ".join(
            f"p{page}{times(count) if len(pages) > 1 else ''}"
            for page, count in sorted(pages.items())
        )
    return f"{len(pages):,} pages"
