"""Raw events for tests, made short: what a test does not care about is left out, as an API may."""

from typing import Any

JSON = dict[str, Any]

SHOP = "https://shop.example.com"


def event(kind: str = "click", at: str = "09:00:00", view: str | None = "1", **more: Any) -> JSON:
    """An event of `kind` at a time of 2026-09-12; `more` are its properties.

    `url` and `title` among them are its page's.
    """
    source = {
        "url": {"full_url": more.pop("url", f"{SHOP}/{view}")},
        "title": more.pop("title", f"Page {view}"),
    }
    raw: JSON = {"event_time": f"2026-09-12T{at}Z", "event_type": kind}
    if view is not None:
        raw["view_id"] = view
    return raw | {"event_properties": more, "source_type": "web", "source_properties": source}


def target(text: str = "", selector: str = "", **named: str) -> JSON:
    """The element that an event is about."""
    return {"text": text, "raw_selector": selector, "element_properties": named}


def stream(*events: Any) -> JSON:
    """An answer of Get Session Events."""
    return {"events": list(events)}
