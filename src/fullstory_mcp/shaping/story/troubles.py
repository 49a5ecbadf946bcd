"""What went wrong in a session: frustration and errors counted, dated and led back to their cause."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from fullstory_mcp.shaping.story.kinds import KINDS
from fullstory_mcp.shaping.story.lines import input_name
from fullstory_mcp.shaping.story.model import Event, Page, Story
from fullstory_mcp.shaping.story.units import Unit

PRECEDES_SECONDS = 5.0
UNFINISHED = "form left unfinished"

_CAUSES = frozenset(
    {"click", "rage-click", "error-click", "dead-click", "input-change", "navigate", "paste"}
)
_PRESSES = frozenset({"click", "rage-click", "error-click", "dead-click"})
_SEARCHES = ("search", "query", "filter")
_ORDER = {kind.label: place for place, kind in enumerate(KINDS.values())}


@dataclass(frozen=True, slots=True)
class Troubles:
    """Units of trouble grouped by alikeness, rarest first, with counts by kind and page."""

    groups: tuple[tuple[Unit, ...], ...]
    by_kind: tuple[tuple[str, int], ...]
    abandoned: tuple[Event, ...]
    """The last input of each form that was begun and left."""
    score: int

    def alike(self) -> dict[str, int]:
        """How many events are alike, by the handle of the first, where there are more than its own."""
        totals = ((group[0], sum(len(unit.events) for unit in group)) for group in self.groups)
        return {first.handle: total for first, total in totals if total > len(first.events)}


@dataclass(frozen=True, slots=True)
class Wrong:
    """One kind of trouble: how often, on which pages how often, some of the events, how many others.

    Each event comes with what the person did up to five seconds before it, if that is known.
    """

    name: str
    label: str
    count: int
    pages: Counter[int]
    dated: tuple[tuple[Unit, Event | None], ...]
    others: int


def troubles_of(story: Story, units: Sequence[Unit]) -> Troubles:
    """Everything that went wrong, and the session's score: each event's weight, once."""
    groups: dict[tuple[str, str], list[Unit]] = {}
    counts: Counter[str] = Counter()
    score = 0
    for unit in units:
        if unit.group == "trouble":
            groups.setdefault(unit.fold, []).append(unit)
            counts[unit.first.kind.label] += len(unit.events)
            score += unit.first.kind.weight * len(unit.events)
    abandoned = tuple(_abandoned(story)) if not counts["form abandoned"] else ()
    rarest = sorted(groups.values(), key=lambda group: sum(len(unit.events) for unit in group))
    return Troubles(
        groups=tuple(tuple(group) for group in rarest),
        by_kind=tuple(counts.most_common()),
        abandoned=abandoned,
        score=score + KINDS["form-abandon"].weight * len(abandoned),
    )


def what_went_wrong(story: Story, troubles: Troubles, most: int) -> list[Wrong]:
    """Each kind of trouble, the gravest first; at most `most` events of each are dated.

    Of every group of alike ones the first is dated before any second one.
    """
    kinds: dict[str, list[tuple[int, Unit]]] = {}
    for group in troubles.groups:
        for nth, unit in enumerate(group):
            kinds.setdefault(unit.first.kind.label, []).append((min(nth, 1), unit))
    return [
        _wrong(story, label, kinds[label], most) for label in sorted(kinds, key=_ORDER.__getitem__)
    ]


def _wrong(story: Story, label: str, found: list[tuple[int, Unit]], most: int) -> Wrong:
    units = [unit for _, unit in sorted(found, key=lambda one: one[0])]
    pages: Counter[int] = Counter()
    for unit in units:
        pages[unit.first.page] += len(unit.events)
    dated = sorted(units[:most], key=lambda unit: (unit.first.page, unit.first.number))
    others = sum(len(unit.events) for unit in units[most:])
    causes = tuple((unit, cause_of(story, unit.first)) for unit in dated)
    return Wrong(units[0].first.kind.name, label, pages.total(), pages, causes, others)


def _abandoned(story: Story) -> Iterator[Event]:
    """The last input of each page on which nothing that worked was pressed after it: an inference.

    What is typed to search is sent by the key, so it is left out; so is what led to another page
    at once.
    """
    for page, following in zip(story.pages, [*story.pages[1:], None], strict=False):
        last = _last_input(page)
        if last is not None and not _sent(page, last, following):
            yield last


def _last_input(page: Page) -> Event | None:
    for event in reversed(page.events):
        if event.kind.name == "input-change":
            return event
    return None


def _sent(page: Page, last: Event, following: Page | None) -> bool:
    """Whether a form was sent, or was a search: judged by its last input."""
    name = input_name(last).lower()
    if name == "q" or any(word in name for word in _SEARCHES):
        return True
    after = page.events[last.number - page.events[0].number + 1 :]
    presses = [event.kind.name for event in after if event.kind.name in _PRESSES]
    if presses:
        return presses[-1] == "click"
    begun = following.begun if following else None
    return begun is not None and last.at is not None and 0 <= begun - last.at <= PRECEDES_SECONDS


def cause_of(story: Story, event: Event) -> Event | None:
    """What the person did up to five seconds before, on the same page; None where nothing is known."""
    at = event.at
    if at is None:
        return None
    for before in reversed(story.before(event)):
        if (then := before.at) is None:
            continue
        if at - then > PRECEDES_SECONDS:
            return None
        if before.kind.name in _CAUSES:
            return before
    return None
