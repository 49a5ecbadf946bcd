"""The words that the scripts of visits are written in.

A beat is one thing that happens. The small functions here only make scripts readable; what
each kind is called in the three vocabularies of the API stands in `render.vocabulary`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Beat:
    """One thing that happens in a visit.

    kind     our own word for it; `go` stands for arriving on a page and becomes several
    where    name of a page (for `go`) or of an element
    facts    values of the event; texts in braces are filled in, `=name` takes the raw value
    source   `dom`, or `server` for events that the shop's back end sends
    """

    kind: str
    where: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)
    source: str = "dom"


def go(page: str, slow: float = 1.0, reason: str = "navigate") -> Beat:
    """Arrive on a page; `slow` multiplies its load times."""
    return Beat("go", page, {"slow": slow, "reason": reason})


def click(element: str) -> Beat:
    """Click, and it works."""
    return Beat("click", element)


def rage(element: str, count: int) -> Beat:
    """Click many times in anger."""
    return Beat("rage_click", element, {"count": count})


def dead(element: str) -> Beat:
    """Click, and nothing happens."""
    return Beat("dead_click", element, {"count": 1})


def error_click(element: str, kind: str) -> Beat:
    """Click, and an error follows."""
    return Beat("error_click", element, {"error": kind})


def enter(element: str) -> Beat:
    """Change a field."""
    return Beat("input", element)


def call(method: str, path: str, status: int, millis: int = 180) -> Beat:
    """Let the page call the shop's own API."""
    return Beat("request", "", {"method": method, "path": path, "status": status, "took": millis})


def log(level: str, message: str) -> Beat:
    """Write to the browser's console."""
    return Beat("console", "", {"level": level, "message": message})


def fails(message: str, file: str) -> Beat:
    """Let a script throw."""
    return Beat("exception", "", {"message": message, "file": f"https://shop.example.com{file}"})


def tell(name: str, source: str = "dom", **properties: object) -> Beat:
    """Send a custom event."""
    return Beat("custom", "", {"name": name, "properties": properties}, source)


def on(kind: str, element: str) -> Beat:
    """Do something else to an element: highlight, copy, paste, seen, form_abandon."""
    return Beat(kind, element)
