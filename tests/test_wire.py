"""JSON as it crosses the wire: what is read, and what is mended on the way."""

import pytest

from fullstory_mcp import wire

LARGE = 2**53 + 1


@pytest.mark.parametrize(
    ("body", "data"),
    [
        (b"[9007199254740993]", [str(LARGE)]),
        (b'{"a":{"b":[1,-9007199254740993]}}', {"a": {"b": [1, f"-{LARGE}"]}}),
        (b"9007199254740993", str(LARGE)),
        (b'{"id":"9007199254740993"}', {"id": str(LARGE)}),
        (b"[9007199254740992,1e16,true,null]", [2**53, 1e16, True, None]),
        (b"[1e999]", ["inf"]),
    ],
)
def test_numbers_that_clients_cannot_hold_come_as_text(body: bytes, data: object) -> None:
    """An id of 64 bits is not rounded by a client, wherever in the answer it stands."""
    assert wire.read(body) == data
