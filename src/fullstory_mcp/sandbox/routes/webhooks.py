"""Webhook endpoints and event types (#28 to #31, e11, e12)."""

from typing import Any

from fullstory_mcp.sandbox import samples, times
from fullstory_mcp.sandbox.defaults import endpoint_id
from fullstory_mcp.sandbox.errors import invalid, not_found, required
from fullstory_mcp.sandbox.paging import page
from fullstory_mcp.sandbox.routing import Call, Json

MOST_ENDPOINTS = 100
MOST_SUBCATEGORIES = 1_000


def list_endpoints(call: Call) -> Json:
    """Return the endpoints, a page at a time; secrets are never told."""
    rows = list(call.sandbox.webhooks.values())
    shown, token = page(rows, _limit(call, MOST_ENDPOINTS), _token(call), "webhooks")
    return {"endpoints": [_told(row) for row in shown], "nextPaginationToken": token}


def get(call: Call) -> Json:
    """Return one endpoint."""
    return _told(_endpoint(call))


def create(call: Call) -> Json:
    """Add an endpoint; its id is the base64 of its URL."""
    url, events = call.body.get("url"), _event_types(call.body)
    for name, value in (("url", url), ("secret", call.body.get("secret")), ("eventTypes", events)):
        if not value:
            raise required(name)
    now = times.stamp(call.sandbox.now)
    endpoint = {"created": now, "modified": now, "enabled": True, "eventTypes": events}
    return _placed(call, endpoint | {"secret": call.body["secret"]}, str(url))


def update(call: Call) -> Json:
    """Change an endpoint. Without `disabled` it is switched on; a new URL makes a new id."""
    old, body = _endpoint(call), call.body
    changes = {
        "secret": body.get("secret") or old.get("secret", ""),
        "eventTypes": _event_types(body) or old["eventTypes"],
        "enabled": not body.get("disabled"),
        "modified": times.stamp(call.sandbox.now),
    }
    return _placed(call, old | changes, body.get("url") or old["url"], replaces=old["id"])


def delete(call: Call) -> Json:
    """Remove an endpoint."""
    del call.sandbox.webhooks[_endpoint(call)["id"]]
    return {}


def _placed(call: Call, endpoint: dict[str, Any], url: str, replaces: str = "") -> Json:
    """Put an endpoint where its URL says, which must be free and HTTPS."""
    webhooks, new_id = call.sandbox.webhooks, endpoint_id(url)
    if not url.startswith("https://"):
        raise invalid("url must be an HTTPS URL")
    if new_id in webhooks and new_id != replaces:
        raise invalid("an endpoint with this url exists")
    webhooks.pop(replaces, None)
    webhooks[new_id] = endpoint | {"id": new_id, "url": url}
    return _told(webhooks[new_id])


def _told(endpoint: dict[str, Any]) -> Json:
    names = ("id", "created", "modified", "enabled", "url", "eventTypes")
    return {name: endpoint[name] for name in names}


def _endpoint(call: Call) -> dict[str, Any]:
    endpoint = call.sandbox.webhooks.get(call.path["id"])
    if endpoint is None:
        raise not_found()
    return endpoint


def _event_types(body: Json) -> list[dict[str, str]]:
    """Read the event types in either spelling; an unknown name is a 400."""
    rows = []
    for sent in body.get("eventTypes") or body.get("event_types") or []:
        name = sent.get("eventName") or sent.get("event_name")
        if name not in samples.EVENT_TYPES:
            raise invalid(f"unknown event type: {name}")
        extra = {"subcategory": sent["subcategory"]} if sent.get("subcategory") else {}
        rows.append({"eventName": name, **extra})
    return rows


def list_event_types(_call: Call) -> Json:
    """Return what can be subscribed to."""
    return {
        "eventDefs": [
            {
                "eventName": name,
                "displayName": title,
                "hasSubcategories": name in samples.SUBCATEGORIES,
            }
            for name, title in samples.EVENT_TYPES.items()
        ]
    }


def subcategories(call: Call) -> Json:
    """Return the subcategories of an event type; most have none."""
    rows = samples.SUBCATEGORIES.get(_event_name(call), ())
    question = f"subcategories {call.path['event_name']}"
    shown, token = page(rows, _limit(call, MOST_SUBCATEGORIES), _token(call), question)
    return {
        "subcategoryDefs": [{"subcategory": key, "display_name": title} for key, title in shown],
        "nextPaginationToken": token,
    }


def sample(call: Call) -> Json:
    """Return a delivery as this event type sends it."""
    name = _event_name(call)
    return {"eventName": name, "version": 1, "data": samples.SAMPLES[name]}


def _event_name(call: Call) -> str:
    name = call.path["event_name"]
    if name not in samples.EVENT_TYPES:
        raise not_found()
    return name


def _limit(call: Call, most: int) -> int:
    return int(call.query.get("limit", most))


def _token(call: Call) -> str:
    """Read the token in either of the two spellings that the documents name."""
    return call.query.get("pagination_token") or call.query.get("paginationToken") or ""
