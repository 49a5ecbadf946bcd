"""The ids that a call was about: where the tool's file says they are, and how they are written down.

A text that somebody typed is no id, whatever place it came in: what holds spaces, steers a terminal or
is longer than 128 signs is written as its hash, by which it can still be looked for.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

MOST_ID = 128
_HASHED = 16

_MADE = (("id",), ("operationId",), ("job", "id"))
"""Where the API's answers to writes have an id, as that of what was made."""


def targets_of(paths: Sequence[str], arguments: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    """The ids at each dotted path that leads to some, each once; `[]` goes through every row."""
    found = {
        path: tuple(dict.fromkeys(_at(arguments, path.replace("[]", "").split("."))))
        for path in paths
    }
    return {path: ids for path, ids in found.items() if ids}


def made_in(answer: object) -> tuple[str, ...]:
    """The ids that the answer to a write names."""
    return tuple(dict.fromkeys(one for place in _MADE for one in _at(answer, place)))


def as_id(text: str) -> str:
    """An id as it is written down."""
    if len(text) <= MOST_ID and " " not in text and text.isprintable():
        return text
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
    return f"sha256:{digest[:_HASHED]}"


def _at(value: object, path: Sequence[str]) -> Iterator[str]:
    """The texts and numbers at the end of a path; a list on the way, or there, is gone through."""
    if isinstance(value, list):
        for part in value:
            yield from _at(part, path)
    elif path:
        if isinstance(value, Mapping) and path[0] in value:
            yield from _at(value[path[0]], path[1:])
    elif isinstance(value, str | int) and not isinstance(value, bool) and value != "":
        yield str(value)
