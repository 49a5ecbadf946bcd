"""What kinds of events there are, in one table for the API's three vocabularies.

A kind says how an event is called in a reading, which class it belongs to (what survives a small
budget first), and how much it weighs where sessions are scored. Types not listed are custom
events under their own names.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

Class = Literal["trouble", "page", "act", "click", "other", "vital"]
"""trouble: frustration and errors; act: inputs and custom events; vital: measurements of the page."""

CLASSES: tuple[Class, ...] = ("trouble", "page", "act", "click", "other", "vital")


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of event. `weight` is its part in a session's score of how badly it went."""

    name: str
    label: str
    group: Class
    weight: int = 0


_ROWS: tuple[tuple[str, str, Class, int, tuple[str, ...]], ...] = (
    ("crash", "crash", "trouble", 8, ("crash", "crashed")),
    ("exception", "exception", "trouble", 5, ("exception", "custom_error")),
    ("network-error", "failed request", "trouble", 5, ("network-error", "request")),
    ("console-error", "console error", "trouble", 2, ("console-error", "console_message")),
    ("rage-click", "rage click", "trouble", 3, ("rage-click",)),
    ("error-click", "error click", "trouble", 3, ("error-click", "click_error", "seen_error")),
    ("dead-click", "dead click", "trouble", 3, ("dead-click",)),
    ("mouse-thrash", "mouse thrash", "trouble", 1, ("mouse-thrash", "mouse_thrash", "thrash")),
    ("form-abandon", "form abandoned", "trouble", 2, ("form-abandon", "form_abandon", "abandon")),
    ("low-memory", "low memory", "trouble", 1, ("low-memory", "low_memory")),
    ("force-restart", "forced restart", "trouble", 4, ("force-restart", "force_restart")),
    ("navigate", "navigate", "page", 0, ("navigate",)),
    ("page-view", "page view", "page", 0, ("page-view", "page_view", "pageview")),
    ("input-change", "input", "act", 0, ("input-change", "change")),
    ("paste", "paste", "act", 0, ("paste",)),
    ("identify", "identify", "act", 0, ("identify",)),
    ("consent", "consent", "act", 0, ("consent",)),
    ("click", "click", "click", 0, ("click",)),
    ("copy", "copy", "other", 0, ("copy",)),
    ("highlight", "highlight", "other", 0, ("highlight",)),
    ("element-seen", "seen", "other", 0, ("element-seen", "element_seen", "seen")),
    ("page-properties", "page properties", "other", 0, ("page-properties", "page_properties")),
    ("background", "app in background", "other", 0, ("background", "backgrounded")),
    ("keyboard-open", "keyboard opened", "other", 0, ("keyboard-open", "keyboard_open")),
    ("keyboard-close", "keyboard closed", "other", 0, ("keyboard-close", "keyboard_close")),
    ("pinch-gesture", "pinch", "other", 0, ("pinch-gesture", "pinch_gesture")),
    ("page-load", "page load", "vital", 0, ("page-load", "load")),
    ("cumulative-layout-shift", "layout shift", "vital", 0, ("cumulative-layout-shift", "cumulative_layout_shift")),
    ("first-input-delay", "first input delay", "vital", 0, ("first-input-delay", "first_input_delay")),
    ("interaction-to-next-paint", "interaction delay", "vital", 0, ("interaction-to-next-paint", "interaction_to_next_paint")),
)  # fmt: skip

KINDS: dict[str, Kind] = {
    spelling: Kind(name, label, group, weight)
    for name, label, group, weight, spellings in _ROWS
    for spelling in spellings
}
"""Every spelling of every kind."""

NAMES: tuple[str, ...] = tuple(row[0] for row in _ROWS)
"""The one vocabulary of ours: hyphens, as in generate_context."""


@lru_cache(maxsize=1024)
def custom(name: str) -> Kind:
    """The kind of an event that is called by its own name."""
    return Kind(name, "custom event", "act")


def kind_of(name: str) -> Kind:
    """The kind of a type as the API spells it."""
    return KINDS.get(name) or custom(name)


VITAL_LIMITS: dict[str, float] = {
    "LCP": 4000.0,
    "FCP": 3000.0,
    "score": 0.25,
    "delay": 300.0,
    "duration": 500.0,
}
"""Above these a web vital is poor; times in ms. Source: web.dev, Core Web Vitals thresholds."""
