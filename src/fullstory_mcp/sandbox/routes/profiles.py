"""Summary profiles (#6 to #10). Requests are flat, answers nest all but `llm`."""

from typing import Any

from fullstory_mcp.sandbox.errors import not_found
from fullstory_mcp.sandbox.paging import page
from fullstory_mcp.sandbox.people_writes import merged
from fullstory_mcp.sandbox.routing import Call, Json

DEFAULT_LIMIT = 20
_NESTED = ("slice", "context", "events", "cache")


def create(call: Call) -> Json:
    """Keep a new profile under an id of the server's choosing."""
    profile_id = call.sandbox.new_uuid()
    call.sandbox.profiles[profile_id] = dict(call.body)
    return {"id": profile_id}


def get(call: Call) -> Json:
    """Return one profile."""
    return _answer(call.path["id"], _profile(call))


def list_profiles(call: Call) -> Json:
    """Return the profiles, a page at a time."""
    rows = list(call.sandbox.profiles.items())
    limit = int(call.query.get("limit", DEFAULT_LIMIT))
    shown, token = page(rows, limit, call.query.get("page_token", ""), "profiles")
    return {"profiles": [_answer(*row) for row in shown], "next_page_token": token}


def update(call: Call) -> Json:
    """Change the given fields of a profile; a response schema is replaced as a whole."""
    changed = merged(_profile(call), call.body)
    schema = (call.body.get("llm") or {}).get("response_schema")
    if schema is not None:
        changed["llm"]["response_schema"] = schema
    call.sandbox.profiles[call.path["id"]] = changed
    return {"id": call.path["id"]}


def delete(call: Call) -> Json:
    """Forget a profile."""
    _profile(call)
    del call.sandbox.profiles[call.path["id"]]
    return {}


def _profile(call: Call) -> dict[str, Any]:
    profile = call.sandbox.profiles.get(call.path["id"])
    if profile is None:
        raise not_found()
    return profile


def _answer(profile_id: str, flat: dict[str, Any]) -> Json:
    configuration = {name: flat[name] for name in _NESTED if flat.get(name) is not None}
    llm = {"llm": flat["llm"]} if flat.get("llm") is not None else {}
    named = {"id": profile_id, "name": flat.get("name") or ""}
    return {**named, "configuration": configuration, **llm}
