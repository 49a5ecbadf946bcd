"""What an account has before anybody wrote to it, beside people and sessions. Data only."""

import base64
from collections.abc import Mapping
from typing import Any

CHECKOUT_PROFILE = "7d1f0a52-0000-4000-8000-00000000c0de"
PLAIN_PROFILE = "7d1f0a52-0000-4000-8000-0000000b1a1e"

CHECKOUT_SCHEMA: Mapping[str, Any] = {
    "type": "OBJECT",
    "title": "CheckoutSummary",
    "description": "What happened at checkout",
    "properties": {
        "outcome": {
            "type": "STRING",
            "format": "enum",
            "enum": ["completed", "abandoned", "errored"],
        },
        "frustrations": {"type": "ARRAY", "items": {"type": "STRING"}},
        "confidence": {"type": "NUMBER", "nullable": True},
    },
    "required": ["outcome", "frustrations"],
}


def profiles() -> dict[str, dict[str, Any]]:
    """Make the two summary profiles, by id, in the flat shape of requests."""
    return {
        CHECKOUT_PROFILE: {
            "name": "Checkout triage",
            "slice": {"mode": "LAST", "event_limit": 300},
            "context": {"exclude": ["location"]},
            "events": {"exclude_types": ["highlight"], "exclude_selectors": True},
            "cache": {"enable_event_cache": True},
            "llm": {
                "pre_prompt": "The following JSON describes one visit as pages and events.",
                "post_prompt": "Explain what the visitor tried to do and what stopped them.",
                "temperature": 0.3,
                "response_schema": dict(CHECKOUT_SCHEMA),
            },
        },
        PLAIN_PROFILE: {
            "name": "Plain synopsis",
            "slice": {"mode": "FIRST"},
            "llm": {"post_prompt": "Summarise the visit."},
        },
    }


def endpoint_id(url: str) -> str:
    """Return the id of a webhook endpoint: base64 of its URL, so it may hold `/`, `+`, `=`."""
    return base64.b64encode(url.encode()).decode()


def webhooks() -> dict[str, dict[str, Any]]:
    """Make the webhook endpoints by id; the second one's id needs every percent-escape."""
    rows = (
        ("https://hooks.example.com/fullstory", True, ("note.created", "segment.trend.alert")),
        ("https://hooks.example.com/alerts?>>>=???", False, ("metric.alert",)),
    )
    return {
        endpoint_id(url): {
            "id": endpoint_id(url),
            "created": "2026-02-11T10:00:00Z",
            "modified": "2026-06-01T08:30:00Z",
            "enabled": enabled,
            "url": url,
            "eventTypes": [{"eventName": name} for name in events],
        }
        for url, enabled, events in rows
    }
