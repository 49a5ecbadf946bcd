"""What was done to a log is found, whatever it was, and told by its place."""

import hashlib
import json
from pathlib import Path

import anyio
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audit.logs import auditing, called, faults, findings, heads, raw_of, records, written
from fullstory_mcp.audit.lines import JsonLines
from support import Clock

CALLS = 6
LINES = 2 * CALLS


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """Two processes, one after the other, of three calls each."""
    path = tmp_path_factory.mktemp("audit") / "audit.jsonl"
    for _ in range(2):
        anyio.run(written, path, CALLS // 2)
    return raw_of(path)


def test_log_as_it_was_written_is_whole(log: bytes) -> None:
    """Nothing is found where nothing was done, and every record is there."""
    assert findings(log) == []
    assert len(records(log)) == LINES


@given(place=st.integers(min_value=0), byte=st.integers(0, 255))
@settings(max_examples=600)
def test_every_single_changed_byte_is_found(log: bytes, place: int, byte: int) -> None:
    """Whichever byte it is and whatever it becomes, the end of a line included."""
    place %= len(log)
    changed = log[:place] + bytes([byte]) + log[place + 1 :]

    assert bool(faults(changed)) == (changed != log)


def test_every_byte_changed_in_its_lowest_bit_is_found(log: bytes) -> None:
    """No place in a log is left out."""
    for place in range(len(log)):
        changed = bytearray(log)
        changed[place] ^= 1
        assert faults(bytes(changed)), log[max(0, place - 20) : place + 20]


@pytest.mark.parametrize("number", range(LINES - 1))
def test_removed_line_is_found(log: bytes, number: int) -> None:
    """In the middle of a chain by its numbers; the end of an earlier one by the next one's beginning."""
    lines = log.splitlines(keepends=True)

    assert faults(b"".join(lines[:number] + lines[number + 1 :]))


@given(first=st.integers(0, LINES - 1), count=st.integers(1, LINES - 1))
def test_removed_piece_is_found_wherever_more_follows(log: bytes, first: int, count: int) -> None:
    """Unless it is the whole beginning, which is told as such, or the end, which only an anchor shows."""
    lines = log.splitlines(keepends=True)
    left = b"".join(lines[:first] + lines[first + count :])
    whole_chain_first = first == 0 and count == LINES // 2
    is_tail = first + count >= LINES

    assert bool(faults(left)) != (whole_chain_first or is_tail)
    assert faults(left, heads(log))
    if whole_chain_first:
        assert "in an earlier part" in str(findings(left)[0])


@given(first=st.integers(0, LINES - 1), second=st.integers(0, LINES - 1))
def test_swapped_lines_are_found(log: bytes, first: int, second: int) -> None:
    """Each chain has an order."""
    lines = log.splitlines(keepends=True)
    lines[first], lines[second] = lines[second], lines[first]
    swapped = b"".join(lines)
    numbers = [(row["writer"], row["seq"]) for row in records(swapped)]
    by_writer = {writer: [n for w, n in numbers if w == writer] for writer, _ in numbers}

    in_order = all(found == sorted(found) for found in by_writer.values())
    assert bool(faults(swapped)) != in_order


@given(number=st.integers(0, LINES - 1), to=st.integers(0, LINES))
def test_doubled_line_is_found(log: bytes, number: int, to: int) -> None:
    """A record stands in one place."""
    lines = log.splitlines(keepends=True)
    lines.insert(to, lines[number])

    assert faults(b"".join(lines))


@given(cut=st.integers(min_value=1))
def test_cut_tail_is_found_where_the_head_was_anchored(log: bytes, cut: int) -> None:
    """However much is gone, down to everything."""
    left = log[: -(cut % len(log)) - 1]

    assert faults(left, heads(log))


def test_chain_written_anew_by_a_forger_is_found(log: bytes) -> None:
    """Whoever computes all hashes of a chain again is given away by the next chain, and by an anchor."""
    forged, prev = [], ""
    for content in records(log)[: LINES // 2]:
        content |= {"who": {"name": "Somebody else"}, "prev": prev}
        del content["hash"]
        text = json.dumps(content, sort_keys=True, separators=(",", ":"))
        prev = hashlib.sha256(text.encode()).hexdigest()
        whole = content | {"hash": prev}
        forged.append(json.dumps(whole, sort_keys=True, separators=(",", ":")).encode() + b"\n")
    alone = b"".join(forged)
    rest = b"".join(log.splitlines(keepends=True)[LINES // 2 :])

    assert faults(alone) == []
    (fault,) = faults(alone + rest)
    assert f"line {LINES // 2 + 1}: record {LINES // 2} of writer" in str(fault)
    assert "was replaced" in str(fault)
    assert faults(alone, heads(log)[:1])


def test_faults_name_line_and_number(log: bytes) -> None:
    """Whoever reads the finding can look at the very line."""
    lines = log.splitlines(keepends=True)
    writer = records(log)[0]["writer"]

    assert [str(fault) for fault in faults(b"".join([*lines[:2], *lines[3:]]))] == [
        f"line 3: before it, record 3 of writer {writer} is missing"
    ]
    assert str(faults(log.replace(b'"answered"', b'"ANSWERED"', 1))[0]) == (
        "line 2: was changed: its hash does not fit what it says"
    )
    assert str(faults(log[:-9])[0]) == f"line {LINES}: was cut or changed: it is no whole record"


STRANGE = {
    "nothing": b"",
    "no JSON": b"hello\n",
    "JSON of another kind": b"[]\n",
    "a number": b"7\n",
    "no text": b"\xff\xfe\n",
    "an empty line": b"\n",
    "deep nesting": b"[" * 100_000 + b"\n",
    "a hash alone": b'{"hash":"' + b"0" * 64 + b'"}\n',
}


@pytest.mark.parametrize("what", STRANGE)
def test_strange_lines_are_faults_and_nothing_breaks(log: bytes, what: str) -> None:
    """A file of anything can be looked at."""
    found = faults(STRANGE[what] + log)

    assert bool(found) == bool(STRANGE[what])
    assert all(fault.where == "line 1" for fault in found)


def test_record_with_a_huge_number_takes_no_memory() -> None:
    """A forger's number is no promise of so many lines."""
    content = {"at": "2026-01-01T00:00:00.000Z", "seq": 10**15, "writer": "w", "prev": ""}
    text = json.dumps(content, sort_keys=True, separators=(",", ":"))
    content["hash"] = hashlib.sha256(text.encode()).hexdigest()
    raw = json.dumps(content, sort_keys=True, separators=(",", ":")).encode() + b"\n"

    assert "are missing" in str(faults(raw)[0])


@pytest.mark.anyio
async def test_clock_that_goes_back_is_noted_and_no_fault(tmp_path: Path) -> None:
    """Numbers order the records; the time is only told."""
    clock, path = Clock(), tmp_path / "audit.jsonl"
    async with auditing(JsonLines(path), clock) as audit:
        await called(audit)
        clock.time -= 3600
        await called(audit)

    raw = raw_of(path)
    assert faults(raw) == []
    assert ["the clock went back" in str(finding) for finding in findings(raw)] == [True]
