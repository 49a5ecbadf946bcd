"""The audit's records as they are kept: one line of canonical JSON each, chained by their hashes.

    v       1
    writer  seq            whose chain it is (one process at a time), and its place there, from 1
    at                     RFC 3339, UTC, milliseconds: told only, `seq` orders
    kind                   decided | ended | lost
    call  parent           links the two records of a call; the composite's call it is a leg of
    who                    name, email, owner, door, client, client_id, connection, key (fingerprint)
    tool
    did  targets  more     decided: the tool's phrase, the ids it was about by their place in the
                           arguments, how many of them were left out
    decision rule confirmation digest                  decided
    outcome reason status ms activations events        ended
    rule  made             ended: what refused to go on with what was allowed; ids in the answer
                           to a write, such as that of what was made
    count                  lost: how many records could not be kept
    after                  the first of a chain: the record that stood last when it began
    prev  hash             SHA-256, in hexadecimal, of the line before; of this one without `hash`

What is empty is left out. The text is ASCII, its names sorted, without spaces: whoever reads it back
and writes it again has the very same bytes, so that every changed byte is found.
"""

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple

from fullstory_mcp.audit.records import Record, caller
from fullstory_mcp.audit.targets import as_id

VERSION = 1
MOST_TARGETS = 20
MOST_TEXT = 256

Body = dict[str, Any]
"""A record that has no place in a chain yet; `at` is in Unix seconds."""

_CANONICAL = json.JSONEncoder(sort_keys=True, separators=(",", ":"), allow_nan=False)


class Mark(NamedTuple):
    """One record of a chain, as others point to it."""

    writer: str
    seq: int
    hash: str


@dataclass(frozen=True, slots=True)
class Entry:
    """One line as a store keeps it; `at` is in Unix seconds."""

    writer: str
    seq: int
    at: int
    call: str
    line: str
    hash: str

    @property
    def mark(self) -> Mark:
        """What points to it."""
        return Mark(self.writer, self.seq, self.hash)


def decided(record: Record, now: float) -> Body:
    """The first record of a call."""
    targets = {name: _ids(ids) for name, ids in record.targets.items()}
    return _filled(
        _about("decided", record, now)
        | {
            "did": record.did,
            "targets": targets,
            "more": {
                name: len(ids) - MOST_TARGETS
                for name, ids in record.targets.items()
                if len(ids) > MOST_TARGETS
            },
            "decision": record.decision,
            "rule": _plain(record.rule),
            "confirmation": record.confirmation,
            "digest": record.digest,
        }
    )


def ended(record: Record, now: float) -> Body:
    """The second record of a call."""
    told = {
        "outcome": record.outcome,
        "reason": record.reason,
        "rule": "" if record.decision == "refused" else _plain(record.stopped),
        "status": record.status,
        "made": _ids(record.made),
        "activations": record.spent.get("activations", 0),
        "events": record.spent.get("server_events", 0),
    }
    return _filled(_about("ended", record, now) | told) | {"ms": round(record.seconds * 1000)}


def lost(count: int, now: float) -> Body:
    """Stands where `count` records could not be kept."""
    return {"v": VERSION, "kind": "lost", "at": now, "count": count}


def canonical(content: Mapping[str, Any]) -> str:
    """`content` in the one way to write it."""
    return _CANONICAL.encode(content)


def hashed(content: Mapping[str, Any]) -> str:
    """The hash of a record, its own `hash` left out."""
    rest = {name: value for name, value in content.items() if name != "hash"}
    return hashlib.sha256(canonical(rest).encode()).hexdigest()


def new_writer() -> str:
    """An id that no other chain has."""
    return os.urandom(8).hex()


def chained(bodies: list[Body], head: Mark, after: Mark | None) -> list[Entry]:
    """`bodies` as the next lines of the chain that ends with `head`; alike whenever it is repeated.

    `after` is written into the first line of a chain.
    """
    made: list[Entry] = []
    for body in bodies:
        at = int(body["at"] * 1000) / 1000
        place = {"writer": head.writer, "seq": head.seq + 1, "prev": head.hash, "at": moment(at)}
        if head.seq == 0 and after is not None:
            place["after"] = after._asdict()
        line, hash_ = _sealed(body | place)
        head = Mark(head.writer, head.seq + 1, hash_)
        made.append(Entry(*head[:2], int(at), body.get("call", ""), line, hash_))
    return made


def _sealed(content: Body) -> tuple[str, str]:
    """The line of a record, and its hash, whose place among the sorted names is just before `kind`."""
    text = canonical(content)
    hash_ = hashlib.sha256(text.encode()).hexdigest()
    # No text can hold this: a quote inside one is written with a backslash.
    before, kind, behind = text.partition(',"kind":')
    return f'{before},"hash":"{hash_}"{kind}{behind}', hash_


def moment(seconds: float) -> str:
    """Unix seconds as RFC 3339 in UTC, with milliseconds."""
    text = datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")
    return text.removesuffix("+00:00") + "Z"


def _about(kind: str, record: Record, now: float) -> Body:
    return {
        "v": VERSION,
        "kind": kind,
        "at": now,
        "call": record.call,
        "parent": record.parent,
        "who": record.who or _who(record),
        "tool": record.tool,
    }


def _who(record: Record) -> Body:
    """Who called; made once for the two records of a call."""
    principal = record.principal
    record.who = _filled(
        {
            "name": caller(principal),
            "email": _plain(principal.email),
            "owner": _plain(principal.owner),
            "door": principal.door,
            "client": record.client,
            "client_id": _plain(principal.client_id),
            "connection": principal.connection,
            "named_key": _plain(principal.named_key),
            "key": principal.key.fingerprint,
        }
    )
    return record.who


def _filled(content: Body) -> Body:
    return {name: value for name, value in content.items() if value}


def _ids(ids: tuple[str, ...]) -> list[str]:
    return [as_id(one) for one in ids[:MOST_TARGETS]]


def _plain(text: str) -> str:
    """`text` cut, without signs that steer a terminal or break a line."""
    if len(text) <= MOST_TEXT and text.isascii() and text.isprintable():
        return text
    return "".join(sign if sign.isprintable() else "?" for sign in text[:MOST_TEXT])
