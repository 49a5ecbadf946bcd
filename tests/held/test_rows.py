"""An export's bytes, whatever their form, become one JSON object a line, or a message."""

import csv
import gzip
import io
import json
import tempfile
import tracemalloc
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fullstory_mcp.errors import Unreadable
from fullstory_mcp.held import rows

PLENTY = 64 * 2**20
DAMAGED = "The export's file is damaged or of an unknown form."
A = {"IndvId": "1", "PageUrl": "https://shop.example.com/a?b=c,d"}
B = {"IndvId": "2", "PageUrl": 'says "hi"\nand goes', "Nested": {"x": [1, None, True]}}


def converted(raw: bytes, most_bytes: int = PLENTY) -> list[Any]:
    """The rows that a file's bytes become."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "raw"
        path.write_bytes(raw)
        out = io.BytesIO()
        count = rows.convert(path, out, most_bytes)
    found = [json.loads(line) for line in out.getvalue().splitlines()]
    assert len(found) == count
    return found


FORMS: dict[str, tuple[bytes, list[Any]]] = {
    "JSON": (json.dumps([A, B]).encode(), [A, B]),
    "JSON, pretty": (json.dumps([A, B], indent=4).encode(), [A, B]),
    "JSON, one row": (json.dumps([A]).encode(), [A]),
    "JSON, none": (b"[]", []),
    "JSON, none, spaced": (b" [ \n ] \n", []),
    "JSON after blank lines": (b"\n\n  " + json.dumps([A]).encode(), [A]),
    "NDJSON": (f"{json.dumps(A)}\n{json.dumps(B)}\n".encode(), [A, B]),
    "NDJSON without a last newline": (f"{json.dumps(A)}\n{json.dumps(B)}".encode(), [A, B]),
    "NDJSON with blank lines": (f"\n{json.dumps(A)}\n\n{json.dumps(B)}\n\n".encode(), [A, B]),
    "NDJSON of Windows": (f"{json.dumps(A)}\r\n{json.dumps(B)}\r\n".encode(), [A, B]),
    "NDJSON, empty row": (b"{}\n", [{}]),
    "CSV": (b"IndvId,Name\n1,Mira\n2,\n", [{"IndvId": "1", "Name": "Mira"}, {"IndvId": "2", "Name": ""}]),
    "CSV of Windows": (b"IndvId,Name\r\n1,Mira\r\n", [{"IndvId": "1", "Name": "Mira"}]),
    "CSV with quotes": (b'A,B\n"x, ""y""","two\nlines"\n', [{"A": 'x, "y"', "B": "two\nlines"}]),
    "CSV, header only": (b"IndvId,Name\n", []),
    "CSV, short row": (b"A,B\n1\n", [{"A": "1", "B": None}]),
    "CSV, long row": (b"A\n1,2\n", [{"A": "1", "None": ["2"]}]),
    "nothing": (b"", []),
    "byte order mark": (b"\xef\xbb\xbf" + json.dumps([A]).encode(), [A]),
    "other letters": ('[{"name":"Žofie 🛒","\u2028":"\u2028"}]'.encode(), [{"name": "Žofie 🛒", "\u2028": "\u2028"}]),
    "large ids": (b'[{"IndvId":9007199254740993,"n":1}]', [{"IndvId": "9007199254740993", "n": 1}]),
}  # fmt: skip

DAMAGES: dict[str, bytes] = {
    "JSON, cut": json.dumps([A, B]).encode()[:-9],
    "JSON, cut after a row": json.dumps([A])[:-1].encode() + b",",
    "JSON, no objects": b"[1, 2]",
    "JSON, mixed": b'[{"a":1}, 2]',
    "JSON, endless nesting": b"[" * 100_000,
    "NDJSON, cut": f'{json.dumps(A)}\n{{"IndvId":'.encode(),
    "NDJSON, no object": f"{json.dumps(A)}\n7\n".encode(),
    "not UTF-8": b'[{"a":"\xff\xfe"}]',
    "HTML": b"<!doctype html>\n<html><body>Sign in</body></html>",
    "XML of a storage": b"<?xml version='1.0'?>\n<Error><Code>ExpiredToken</Code></Error>",
    "gzip, cut": gzip.compress(json.dumps([A] * 99).encode())[:-20],
    "gzip, broken inside": gzip.compress(b"".join(b"%d\n" % n for n in range(9_999)))[:200] + b"\x00" * 900,
    "gzip, wrong sum": gzip.compress(json.dumps([A]).encode())[:-8] + b"\x00" * 8,
    "gzip, head only": b"\x1f\x8b",
}  # fmt: skip


@pytest.mark.parametrize("zipped", [False, True], ids=["plain", "gzip"])
@pytest.mark.parametrize("form", FORMS)
def test_rows_are_read_from_every_form(form: str, *, zipped: bool) -> None:
    """The form is told from the bytes: no name, type or setting says which it is."""
    raw, expected = FORMS[form]

    assert converted(gzip.compress(raw) if zipped else raw) == expected


@pytest.mark.parametrize("damage", DAMAGES)
def test_damaged_file_is_told_and_never_half_read(damage: str) -> None:
    """Rows before the damage are not passed off as the whole export."""
    with pytest.raises(Unreadable) as raised:
        converted(DAMAGES[damage])

    assert str(raised.value) == DAMAGED


values = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=30)
some_rows = st.lists(
    st.dictionaries(st.text(max_size=10), values | st.lists(values, max_size=3), max_size=5),
    max_size=20,
)


@given(some_rows, st.sampled_from(["json", "pretty", "ndjson"]), st.booleans())
def test_any_rows_come_back_as_they_were(found: list[Any], form: str, zipped: bool) -> None:
    """Writing rows in any form and reading them here changes nothing."""
    text = {
        "json": json.dumps(found),
        "pretty": json.dumps(found, indent=2, ensure_ascii=False),
        "ndjson": "".join(json.dumps(row) + "\n" for row in found),
    }[form]
    raw = text.encode("utf-8", "surrogatepass")

    assert converted(gzip.compress(raw) if zipped else raw) == found


@given(
    st.lists(
        st.fixed_dictionaries({"a": st.text(max_size=30), "b": st.text(max_size=30)}), min_size=1
    )
)
def test_any_csv_cells_come_back_as_they_were(found: list[dict[str, str]]) -> None:
    """Quotes, commas and newlines inside cells are the cells' own."""
    found = [{k: v.replace("\0", "") for k, v in row.items()} for row in found]
    out = io.StringIO()
    writer = csv.DictWriter(out, ["a", "b"], lineterminator="\n", quoting=csv.QUOTE_ALL)
    writer.writeheader()
    writer.writerows(found)

    assert converted(out.getvalue().encode()) == found


@pytest.mark.parametrize("size", [1_000, 65_535, 65_536, 65_537, 300_000])
def test_rows_longer_than_a_read_are_put_together(size: int) -> None:
    """Where the reading happens to stop is no part of the data."""
    found = [{"n": str(n), "text": "x" * size} for n in range(4)]
    lines = "".join(json.dumps(row) + "\n" for row in found)
    cells = "n,text\n" + "".join(f"{row['n']},{row['text']}\n" for row in found)

    assert converted(json.dumps(found).encode()) == found
    assert converted(lines.encode()) == found
    assert converted(cells.encode()) == found


MEGABYTE = 2**20
BOMBS: dict[str, bytes] = {
    "many rows": b'{"a":"' + b"x" * 1_000 + b'"}\n',
    "one long JSON row": b'[{"a":"' + b"x" * 40 * MEGABYTE,
    "one long NDJSON row": b'{"a":"' + b"x" * 40 * MEGABYTE,
    "one long CSV row": b"a\n" + b"x" * 40 * MEGABYTE,
    "one long CSV header": b"x" * 40 * MEGABYTE,
    "only spaces": b" " * 40 * MEGABYTE,
}


@pytest.mark.parametrize("bomb", BOMBS)
def test_file_that_unpacks_to_too_much_is_given_up_early(bomb: str) -> None:
    """Neither disk nor memory is filled by a small file that grows beyond measure."""
    raw = gzip.compress(BOMBS[bomb] * (40_000 if bomb == "many rows" else 1), compresslevel=1)
    tracemalloc.start()
    try:
        if bomb == "only spaces":
            assert converted(raw, MEGABYTE) == []
        else:
            with pytest.raises(Unreadable, match="too large to be held here"):
                converted(raw, MEGABYTE)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert peak < 16 * MEGABYTE


def test_page_is_whole_rows_up_to_the_room_and_at_least_one(tmp_path: Path) -> None:
    """A page never splits a row, and never is empty while rows are left."""
    path = tmp_path / "held"
    lines = [json.dumps({"n": n, "text": "é" * (n * 10)}, ensure_ascii=False) for n in range(30)]
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")

    found, at = [], 0
    while page := rows.page(path, at, 300)[0]:
        assert len(page) == 1 or sum(len(line) + 1 for line in page) <= 300
        found += page
        at = rows.page(path, at, 300)[1]

    assert found == lines
    assert at == path.stat().st_size
