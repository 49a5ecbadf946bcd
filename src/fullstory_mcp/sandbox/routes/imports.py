"""Batch imports of users and events (#16, #17, #20, #21, e03 to e06).

A job works through its rows when it is done, not before; each row succeeds or fails alone.
"""

from collections.abc import Callable, Mapping
from typing import Any

from fullstory_mcp.sandbox import events_in, people_writes, times
from fullstory_mcp.sandbox.errors import ApiError, invalid, not_found, required, too_many
from fullstory_mcp.sandbox.jobs import Job
from fullstory_mcp.sandbox.paging import PAGE_SIZE, page
from fullstory_mcp.sandbox.routing import Call, Json
from fullstory_mcp.sandbox.shapes import MOST_ROWS
from fullstory_mcp.sandbox.state import Sandbox

MOST_RUNNING = 200
MOST_OPERATIONS = 500_000

_Row = Mapping[str, Any]


def import_users(call: Call) -> Json:
    """Start a job that creates or changes many people."""

    def work(row: _Row) -> Json:
        people_writes.check_row(row)
        return people_writes.as_json(people_writes.upsert(call.sandbox, row))

    def blame(row: _Row) -> Json:
        return {"user": row}

    return _start(call, "users", work, blame)


def import_events(call: Call) -> Json:
    """Start a job that takes in many events; the quota is spent at once."""
    shared = {part: value for part, value in (call.body.get("shared") or {}).items() if value}

    received = times.stamp_millis(call.sandbox.now)

    def work(row: _Row) -> Json:
        event = events_in.combined(row, shared)
        events_in.check(event)
        return events_in.take(call.sandbox, {"timestamp": received, **event})

    def blame(row: _Row) -> Json:
        return {"event": row, "shared": shared}

    call.sandbox.spend_events(len(_rows(call)))
    return _start(call, "events", work, blame)


def _rows(call: Call) -> list[Any]:
    rows = call.body.get("requests")
    if rows is None:
        raise required("requests")
    if not isinstance(rows, list) or not 1 <= len(rows) <= MOST_ROWS:
        raise invalid(f"requests must be a list of 1 to {MOST_ROWS} items")
    return rows


def _start(
    call: Call, kind: str, work: Callable[[_Row], Json], blame: Callable[[_Row], Json]
) -> Json:
    sandbox, rows = call.sandbox, _rows(call)
    _room_for(sandbox, len(rows))
    done = sandbox.now + sandbox.job_millis
    job = Job(sandbox.new_uuid(), kind, sandbox.now, done, len(rows))
    sandbox.jobs[job.id] = job
    sandbox.later.at(done, lambda: _work_through(job, rows, work, blame))
    return {"job": job.as_json(sandbox.now)}


def _room_for(sandbox: Sandbox, rows: int) -> None:
    running = [job.size for job in sandbox.jobs.values() if job.running(sandbox.now)]
    if len(running) >= MOST_RUNNING or sum(running) + rows > MOST_OPERATIONS:
        raise too_many(60, "Too many batch imports in progress.")


def _work_through(
    job: Job, rows: list[Any], work: Callable[[_Row], Json], blame: Callable[[_Row], Json]
) -> None:
    for row in rows:
        try:
            job.imports.append(work(row))
        except ApiError as error:
            job.errors.append({**error.body, **blame(row)})


def status(kind: str) -> Callable[[Call], Json]:
    """Make the handler that tells how a job of this kind stands."""

    def handler(call: Call) -> Json:
        job = _job(call, kind)
        counts = {"imports": len(job.imports), "errors": len(job.errors)}
        return {**counts, "job": job.as_json(call.sandbox.now)}

    return handler


def imports(kind: str) -> Callable[[Call], Json]:
    """Make the handler that lists what a job of this kind took in."""

    def handler(call: Call) -> Json:
        job = _job(call, kind)
        rows = job.imports
        if kind == "users" and call.query.get("include_schema") == "true":
            rows = [_with_schema(call.sandbox, row) for row in rows]
        return _listed(call, rows, f"{job.id} imports {call.query.get('include_schema', '')}")

    return handler


def errors(kind: str) -> Callable[[Call], Json]:
    """Make the handler that lists the rows of a job of this kind that failed."""

    def handler(call: Call) -> Json:
        job = _job(call, kind)
        return _listed(call, job.errors, f"{job.id} errors")

    return handler


def _job(call: Call, kind: str) -> Job:
    job = call.sandbox.jobs.get(call.path["job_id"])
    if job is None or job.kind != kind:
        raise not_found()
    return job


def _with_schema(sandbox: Sandbox, row: Json) -> Json:
    person = sandbox.world.people.get(row["id"])
    return people_writes.as_json(person, schema=True) if person else row


def _listed(call: Call, rows: list[Json], question: str) -> Json:
    shown, token = page(rows, PAGE_SIZE, call.query.get("page_token", ""), question)
    return {"results": shown, "total_records": str(len(rows)), "next_page_token": token}
