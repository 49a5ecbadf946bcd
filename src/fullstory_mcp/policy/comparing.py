"""What one policy lets callers do more than another, and what less.

Rows are not compared as text: for each row of either file, and for each two of them that one caller
can fit, such a caller is put before both. So a row that moved, or that another now catches, counts by
what it changes. Callers who fit three rows and more are not tried.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations
from math import inf

from fullstory_mcp.catalogue import Tool
from fullstory_mcp.policy.callers import Caller
from fullstory_mcp.policy.model import METERED, PERIODS, Rules
from fullstory_mcp.policy.rows import Policy
from fullstory_mcp.policy.telling import COUNTED, METERS, NAMED, confirmed, listed, tools_told

Tools = Mapping[str, Tool]


@dataclass(frozen=True, slots=True)
class Difference:
    """What changed for whom; `wider` is what may be done more, `narrower` what less."""

    whom: str
    wider: tuple[str, ...] = ()
    narrower: tuple[str, ...] = ()


def differences(old: Policy, new: Policy, tools: Tools) -> Iterator[Difference]:
    """Every difference: first of presets, then of callers who have another preset than before."""
    yield from _of_presets(old, new, tools)
    yield from _of_callers(old, new, tools)


def _of_presets(old: Policy, new: Policy, tools: Tools) -> Iterator[Difference]:
    for name in {**old.presets, **new.presets}:
        before, after = old.presets.get(name), new.presets.get(name)
        if before is None or after is None:
            yield Difference(f"preset {name}: {'is new' if before is None else 'is gone'}")
            continue
        changed = _compared(f"preset {name}{_had_by(new, name)}", before, after, tools)
        if changed.wider or changed.narrower:
            yield changed


def _had_by(policy: Policy, preset: str) -> str:
    labels = [row.label for row in policy.rows if row.preset == preset]
    return f" ({'; '.join(labels) or 'nobody has it'})"


def _of_callers(old: Policy, new: Policy, tools: Tools) -> Iterator[Difference]:
    callers = list(dict.fromkeys(Caller.of(row) for row in (*new.rows, *old.rows)))
    moves = {caller: _moved(caller, old, new) for caller in callers}
    for one, other in combinations(callers, 2):
        both = one.and_also(other)
        if both is not None and both not in moves:
            move = _moved(both, old, new)
            if move not in (moves[one], moves[other]):
                moves[both] = move
    for caller, (was, now) in moves.items():
        if was != now:
            before, after = (each.ruling(caller.principal()).rules for each in (old, new))
            yield _compared(f"{caller.label}: {was} → {now}", before, after, tools)


def _moved(caller: Caller, old: Policy, new: Policy) -> tuple[str, str]:
    """The presets that a caller had and has."""
    was, now = (policy.ruling(caller.principal()).rules for policy in (old, new))
    return _named(was), _named(now)


def _named(rules: Rules | None) -> str:
    return f"preset {rules.name}" if rules else "nothing"


def _compared(whom: str, before: Rules | None, after: Rules | None, tools: Tools) -> Difference:
    """What `after` gives more and less than `before`."""
    wider, narrower = list[str](), list[str]()
    had, has = _allowed(before, tools), _allowed(after, tools)
    if more := [name for name in has if name not in had]:
        wider.append(f"may call {tools_told(more, tools)}")
    if less := [name for name in had if name not in has]:
        narrower.append(f"may not call {tools_told(less, tools)}" if has else "may call nothing")
    if before and after:
        for is_wider, what in _of_limits(before, after, [name for name in has if name in had]):
            (wider if is_wider else narrower).append(what)
    return Difference(whom, tuple(wider), tuple(narrower))


def _allowed(rules: Rules | None, tools: Tools) -> list[str]:
    return [tool.name for tool in tools.values() if rules and rules.allows(tool)]


def _of_limits(before: Rules, after: Rules, both: list[str]) -> Iterator[tuple[bool, str]]:
    """Each change of a limit, confirmation or budget: whether it is wider, and what it is."""
    for limit, words in COUNTED.items():
        yield from _of_numbers(getattr(before, limit), getattr(after, limit), words)
    for limit in NAMED:
        yield from _of_names(getattr(before, limit), getattr(after, limit), limit)
    for tool in both:
        was, now = before.confirm.get(tool), after.confirm.get(tool)
        if was != now:
            yield _most(now) > _most(was), f"{tool} is {confirmed(now)} (was {confirmed(was)})"
    for meter in METERED:
        for period in PERIODS:
            was, now = before.budgets.get((meter, period)), after.budgets.get((meter, period))
            yield from _of_numbers(was, now, f"{METERS[meter]} a {period}")


def _of_numbers(was: int | None, now: int | None, words: str) -> Iterator[tuple[bool, str]]:
    if was != now:
        yield _most(now) > _most(was), f"{_number(now)} {words} (was {_number(was)})"


def _of_names(
    was: frozenset[str] | None, now: frozenset[str] | None, words: str
) -> Iterator[tuple[bool, str]]:
    if was == now:
        return
    if was is None or now is None:
        yield now is None, f"{words} {_names(now)} (was {_names(was)})"
        return
    if more := now - was:
        yield True, f"{words} also {listed(more)}"
    if less := was - now:
        yield False, f"{words} no longer {listed(less)}"


def _most(number: int | None) -> float:
    return inf if number is None else number


def _number(number: int | None) -> str:
    return "any number of" if number is None else f"{number:,}"


def _names(names: frozenset[str] | None) -> str:
    return "any" if names is None else f"only {listed(names)}"
