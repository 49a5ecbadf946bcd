"""The account itself (#32, #33, e01): quotas, annotations, and who the key is."""

from fullstory_mcp.sandbox import times
from fullstory_mcp.sandbox.auth import KEYS
from fullstory_mcp.sandbox.errors import invalid
from fullstory_mcp.sandbox.routing import Call, Json
from fullstory_mcp.sandbox.state import EVENTS_SENT_BEFORE
from fullstory_mcp.sandbox.world import shop

SESSIONS_USED = 48_120
SESSION_QUOTA = 100_000


def me(call: Call) -> Json:
    """Say who the key is."""
    role = KEYS[call.key]
    return {
        "email": f"{role.lower()}@example.com",
        "orgId": shop.ORG_ID.split("-")[1],
        "role": role,
    }


def quotas(call: Call) -> Json:
    """Return what is used of the quotas of this month."""
    sandbox = call.sandbox
    start, end = times.month_of(sandbox.now)
    period = {"period_start": times.stamp(start), "period_end": times.stamp(end)}
    events = EVENTS_SENT_BEFORE + sandbox.events_used
    most = EVENTS_SENT_BEFORE + sandbox.event_quota
    return {
        "session_quota": {"usage": str(SESSIONS_USED), "limit": str(SESSION_QUOTA), **period},
        "server_event_quota": {"usage": str(events), "limit": str(most), **period},
    }


def annotate(call: Call) -> Json:
    """Write an annotation that everybody in the account sees; it cannot be undone."""
    body = call.body
    if not body.get("text"):
        raise invalid("text is required")
    start = body.get("start_time") or times.stamp(call.sandbox.now)
    end = body.get("end_time") or start
    if body.get("end_time") and times.parse(end) <= times.parse(start):
        raise invalid("end_time must be after start_time")
    note = {
        "text": body["text"],
        "start_time": start,
        "end_time": end,
        "source": body.get("source") or "",
    }
    call.sandbox.annotations.append(note)
    return note
