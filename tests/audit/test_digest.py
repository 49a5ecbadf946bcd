"""The fingerprint of a call's arguments: alike for like calls, and nothing to guess values from."""

import hashlib

from fullstory_mcp import wire
from fullstory_mcp.sealing import Sealer

ONE, OTHER = b"1" * 32, b"2" * 32
ARGUMENTS = {"uid": "cust-1042", "display_name": "Nora"}


def test_same_arguments_have_the_same_digest_in_any_order() -> None:
    """On every replica that has the key."""
    turned = dict(reversed(ARGUMENTS.items()))

    assert Sealer([ONE]).digest("arguments", ARGUMENTS) == Sealer([ONE]).digest("arguments", turned)


def test_digest_depends_on_the_key_the_purpose_and_every_value() -> None:
    """Without the key nobody can try which name it was."""
    told = {
        Sealer([ONE]).digest("arguments", ARGUMENTS),
        Sealer([OTHER]).digest("arguments", ARGUMENTS),
        Sealer([ONE]).digest("another", ARGUMENTS),
        Sealer([ONE]).digest("arguments", ARGUMENTS | {"display_name": "Norb"}),
    }
    assert len(told) == 4
    assert not [digest for digest in told if wire.digest(ARGUMENTS) in digest]


def test_digest_names_its_key_without_telling_it() -> None:
    """After a change of keys it can be told which one made it."""
    sealer = Sealer([ONE, OTHER])

    assert sealer.digest("arguments", {}).partition(":")[0] == sealer.first_id
    assert sealer.first_id == hashlib.sha256(ONE).hexdigest()[:8]
