"""One row for each thing that can happen: what the three vocabularies call it.

Do not mix them: the raw stream has no `rage_click`, the context has no `form_abandon`.
"""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Word:
    """Names of one kind of moment; an empty name means that the vocabulary leaves it out."""

    raw: str
    context: str
    export: str
    subtype: str = ""


WORDS: Mapping[str, Word] = {
    "navigate": Word("navigate", "navigate", "navigate", "navigate"),
    "load": Word("load", "page-load", "load"),
    "cls": Word("cumulative_layout_shift", "cumulative-layout-shift", "cumulative_layout_shift"),
    "fid": Word("first_input_delay", "first-input-delay", "first_input_delay"),
    "inp": Word("interaction_to_next_paint", "interaction-to-next-paint", ""),
    "click": Word("click", "click", "click"),
    "rage_click": Word("click", "rage-click", "click"),
    "dead_click": Word("click", "dead-click", "click"),
    "error_click": Word("click", "error-click", "click", "error"),
    "input": Word("change", "input-change", "change"),
    "form_abandon": Word("form_abandon", "", "abandon"),
    "request": Word("request", "network-error", "request"),
    "console": Word("console_message", "console-error", "console_message"),
    "exception": Word("exception", "exception", "exception", "uncaught"),
    "crash": Word("crash", "", "crashed"),
    "thrash": Word("mouse_thrash", "mouse-thrash", "thrash"),
    "highlight": Word("highlight", "highlight", "highlight"),
    "copy": Word("copy", "copy", "copy"),
    "paste": Word("paste", "paste", "paste"),
    "seen": Word("element_seen", "element-seen", "seen", "visible"),
    "custom": Word("custom", "custom", "custom"),
    "consent": Word("consent", "consent", ""),
    "identify": Word("identify", "", ""),
    "background": Word("background", "", "backgrounded"),
    "keyboard_open": Word("keyboard_open", "", "keyboard_open"),
    "keyboard_close": Word("keyboard_close", "", "keyboard_close"),
    "low_memory": Word("low_memory", "", "low_memory"),
    "pinch": Word("pinch_gesture", "", "pinch_gesture", "pinch_scale_out"),
}
