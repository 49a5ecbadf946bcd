"""Long operations (e07 to e09): list, poll, cancel."""

from fullstory_mcp.sandbox.errors import invalid, not_found
from fullstory_mcp.sandbox.jobs import Operation
from fullstory_mcp.sandbox.paging import page
from fullstory_mcp.sandbox.routing import Call, Json

DEFAULT_LIMIT = 100


def list_operations(call: Call) -> Json:
    """Return the operations, newest first, a page at a time."""
    now, query = call.sandbox.now, call.query
    state, kind = query.get("state", ""), query.get("type", "")
    rows = [
        operation
        for operation in reversed(call.sandbox.operations.values())
        if state in {"", operation.state(now)} and kind in {"", operation.type}
    ]
    limit = int(query.get("limit", DEFAULT_LIMIT))
    question = f"operations {state} {kind}"
    shown, token = page(rows, limit, query.get("paginationToken", ""), question)
    return {"operations": [row.as_json(now) for row in shown], "nextPaginationToken": token}


def get(call: Call) -> Json:
    """Return one operation as it stands now."""
    return _operation(call).as_json(call.sandbox.now)


def cancel(call: Call) -> Json:
    """Stop a segment export that is still pending."""
    operation = _operation(call)
    if operation.type != "SEARCH_EXPORT":
        raise invalid("only segment exports can be cancelled")
    if operation.state(call.sandbox.now) != "PENDING":
        raise invalid("operation is no longer pending")
    operation.cancelled = call.sandbox.now
    return {}


def _operation(call: Call) -> Operation:
    operation = call.sandbox.operations.get(call.path["id"])
    if operation is None:
        raise not_found()
    return operation
