"""Events (#19): one event at a time. Batches are in `imports`."""

from fullstory_mcp.sandbox import events_in
from fullstory_mcp.sandbox.routing import Call, Json


def create(call: Call) -> Json:
    """Take in one event; the answer carries no id."""
    events_in.check(call.body)
    call.sandbox.spend_events(1)
    events_in.take(call.sandbox, call.body)
    return {}
