"""Finds what was changed, removed, doubled or swapped in a log, and says where.

A chain alone shows no cut tail and no missing chain. Those are found by what points at them: the first
line of each later chain names the record that stood last when it began, and heads that were kept
elsewhere (`anchored`) name theirs.
"""

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from fullstory_mcp.audit.entries import Mark, canonical, hashed

_HASH = re.compile(r"[0-9a-f]{64}")
_KEPT = 16
"""Bytes kept of each hash, for what points at it later."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line as it is kept; `where` is how it is told, `columns` what a database says of it beside.

    `cut` says that its end is missing.
    """

    where: str
    raw: bytes
    columns: tuple[Any, ...] | None = None
    cut: bool = False


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found, and where; `wrong` is False for what is only worth knowing."""

    where: str
    what: str
    wrong: bool = True

    def __str__(self) -> str:
        return f"{self.where}: {self.what}"


def read(raw: bytes) -> dict[str, Any] | None:
    """A line's record; None where it is none, or was not written by us as it stands."""
    try:
        content = json.loads(raw)
        if not isinstance(content, dict) or canonical(content).encode() != raw:
            return None
    except (ValueError, RecursionError):
        return None
    whole = (
        isinstance(content.get("writer"), str)
        and type(content.get("seq")) is int
        and content["seq"] > 0
        and isinstance(content.get("at"), str)
    )
    return content if whole and _HASH.fullmatch(str(content.get("hash"))) else None


def mark_of(raw: bytes) -> Mark | None:
    """What points to a line that is as it was written; None for any other."""
    content = read(raw)
    if content is None or hashed(content) != content["hash"]:
        return None
    return Mark(content["writer"], content["seq"], content["hash"])


@dataclass(slots=True)
class _Chain:
    """What is known of one writer's lines so far; `runs` are those without a gap, each from its first."""

    seq: int = 0
    hash: str = ""
    at: str = ""
    runs: list[tuple[int, bytearray]] = field(default_factory=list)

    def add(self, seq: int, hash_: str, at: str) -> None:
        if not self.runs or seq != self.seq + 1:
            self.runs.append((seq, bytearray()))
        self.runs[-1][1].extend(bytes.fromhex(hash_)[:_KEPT])
        self.seq, self.hash, self.at = seq, hash_, at

    def holds(self, mark: Mark) -> bool:
        for first, hashes in reversed(self.runs):
            if first <= mark.seq:
                start = (mark.seq - first) * _KEPT
                return hashes[start : start + _KEPT] == bytes.fromhex(mark.hash)[:_KEPT]
        return False


class Verification:
    """Takes lines in the order they are kept (`check`), then says what is missing (`finish`)."""

    def __init__(self) -> None:
        self.lines = 0
        self.calls = 0
        self._chains: dict[str, _Chain] = {}
        self._after: list[tuple[str, Mark, bool]] = []
        self._open: set[str] = set()

    @property
    def heads(self) -> list[Mark]:
        """The end of each chain."""
        return [Mark(name, chain.seq, chain.hash) for name, chain in self._chains.items()]

    def check(self, line: Line) -> Iterator[Finding]:
        """What is wrong with a line, or between it and those before."""
        first = self.lines == 0
        self.lines += 1
        content = read(line.raw)
        if content is None or line.cut:
            yield Finding(line.where, _unreadable(line))
            return
        if hashed(content) != content["hash"]:
            yield Finding(line.where, "was changed: its hash does not fit what it says")
            if not self._is_next(content):
                return
        elif line.columns is not None and line.columns != columns_of(content):
            yield Finding(line.where, "was changed: the row's columns do not fit its line")
        yield from self._place(line, content)
        self._count(content)
        if content["seq"] == 1 and (after := _pointer(content)):
            self._after.append((line.where, after, first))
        if content.get("kind") == "lost":
            what = f"{content.get('count')} records could not be kept here"
            yield Finding(line.where, what, wrong=False)

    def _is_next(self, content: dict[str, Any]) -> bool:
        chain = self._chains.get(content["writer"])
        return bool(content["seq"] == (chain.seq if chain else 0) + 1)

    def _place(self, line: Line, content: dict[str, Any]) -> Iterator[Finding]:
        """Whether a record stands where its chain says."""
        writer, seq = content["writer"], content["seq"]
        chain = self._chains.setdefault(writer, _Chain())
        if seq <= chain.seq:
            what = "stands there a second time" if seq == chain.seq else "stands behind later ones"
            yield Finding(line.where, f"record {seq} of writer {writer} {what}")
            return
        if seq > chain.seq + 1:
            gap = _numbers(chain.seq + 1, seq - 1)
            yield Finding(line.where, f"before it, {gap} of writer {writer} {_is(gap)} missing")
        elif content.get("prev") != chain.hash:
            yield Finding(
                line.where, "does not follow the record before it: one of them was replaced"
            )
        if content["at"] < chain.at:
            yield Finding(line.where, f"the clock went back, from {chain.at}", wrong=False)
        chain.add(seq, content["hash"], content["at"])

    def _count(self, content: dict[str, Any]) -> None:
        match content.get("kind"):
            case "decided":
                self.calls += 1
                self._open.add(str(content.get("call")))
            case "ended":
                self._open.discard(str(content.get("call")))

    def finish(self, anchored: Iterable[Mark] = ()) -> Iterator[Finding]:
        """What is missing though something points at it; `anchored` are heads that were kept elsewhere."""
        for where, mark, is_first in self._after:
            if self._holds(mark):
                continue
            if is_first and mark.writer not in self._chains:
                what = f"the log goes on from record {mark.seq} of writer {mark.writer}, in an earlier part"
                yield Finding(where, what, wrong=False)
            else:
                yield Finding(
                    where, f"{_named(mark)}, which stood before it, is missing or was replaced"
                )
        for mark in anchored:
            if not self._holds(mark):
                where = f"writer {mark.writer}"
                if mark.writer in self._chains:
                    yield Finding(
                        where, f"{_named(mark)} was anchored, and is missing or was replaced"
                    )
                else:
                    yield Finding(
                        where, f"was anchored at record {mark.seq}, and nothing of it is there"
                    )
        if self._open:
            calls = "1 call has" if len(self._open) == 1 else f"{len(self._open)} calls have"
            what = f"{calls} no end: the process was killed, or is still at it"
            yield Finding("the log", what, wrong=False)

    def _holds(self, mark: Mark) -> bool:
        chain = self._chains.get(mark.writer)
        return chain is not None and chain.holds(mark)


def columns_of(content: dict[str, Any]) -> tuple[Any, ...]:
    """What a database must say beside a line: writer, seq, at (Unix seconds), call, hash."""
    try:
        at = int(datetime.fromisoformat(content["at"]).timestamp())
    except ValueError:
        at = -1
    return content["writer"], content["seq"], at, content.get("call", ""), content["hash"]


def read_heads(text: str) -> list[Mark]:
    """Heads as `audit verify --heads` prints them, one `writer seq hash` a line; # begins a comment.

    Raises:
        ValueError: a line is none; the text names its number.
    """
    found = []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        writer, seq, hash_ = [*line.split(), "", "", ""][:3]
        if not seq.isdecimal() or int(seq) < 1 or not _HASH.fullmatch(hash_):
            raise ValueError(f"line {number} is not `writer seq hash`")
        found.append(Mark(writer, int(seq), hash_))
    return found


def _pointer(content: dict[str, Any]) -> Mark | None:
    """The record that the first line of a chain names."""
    match content.get("after"):
        case {"writer": str(writer), "seq": int(seq), "hash": str(hash_)} if _HASH.fullmatch(hash_):
            return Mark(writer, seq, hash_)
    return None


def _unreadable(line: Line) -> str:
    if line.cut or not line.raw.endswith(b"}"):
        return "was cut or changed: it is no whole record"
    return "was changed: it is not a record as it was written"


def _named(mark: Mark) -> str:
    return f"record {mark.seq} of writer {mark.writer}"


def _numbers(first: int, last: int) -> str:
    return f"record {first}" if first == last else f"records {first} to {last}"


def _is(gap: str) -> str:
    return "are" if gap.startswith("records") else "is"
