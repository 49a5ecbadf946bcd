"""Users (#11 to #15, #18, e02, e13): create, read, change, delete, stream."""

from fullstory_mcp.sandbox import people_writes, times
from fullstory_mcp.sandbox.errors import not_found, required
from fullstory_mcp.sandbox.paging import PAGE_SIZE, page
from fullstory_mcp.sandbox.routing import Call, Json
from fullstory_mcp.sandbox.world import shop
from fullstory_mcp.sandbox.world.model import Person

_FILTERS = ("uid", "email", "display_name")


def create(call: Call) -> Json:
    """Create or change a person by uid."""
    return {"id": people_writes.upsert(call.sandbox, call.body).id}


def get(call: Call) -> Json:
    """Return one person by Fullstory's id."""
    person = people_writes.known(call.sandbox, call.path["id"])
    return people_writes.as_json(person, schema=call.query.get("include_schema") == "true")


def list_users(call: Call) -> Json:
    """Return the people that match all given filters, a page at a time."""
    people = [person for person in call.sandbox.world.people.values() if _fits(person, call)]
    question = "users?" + "&".join(f"{k}={v}" for k, v in _filters(call).items())
    rows, token = page(people, PAGE_SIZE, call.query.get("page_token", ""), question)
    schema = call.query.get("include_schema") == "true"
    return {
        "results": [people_writes.as_json(person, schema=schema) for person in rows],
        "total_records": str(len(people)),
        "next_page_token": token,
        "app_url": f"{shop.APP_URL}/segments/everyone/people/0",
    }


def _filters(call: Call) -> dict[str, str]:
    names = (*_FILTERS, "is_identified")
    return {name: call.query[name] for name in names if name in call.query}


def _fits(person: Person, call: Call) -> bool:
    identified = call.query.get("is_identified")
    return (
        person.searchable
        and all(getattr(person, k) == call.query[k] for k in _FILTERS if k in call.query)
        and (identified is None or (identified == "true") == bool(person.uid))
    )


def update(call: Call) -> Json:
    """Change the given fields of a person."""
    person = people_writes.known(call.sandbox, call.path["id"])
    people_writes.change(call.sandbox, person, call.body)
    return {"id": person.id}


def delete(call: Call) -> Json:
    """Start deleting a person by Fullstory's id."""
    people_writes.delete(call.sandbox, people_writes.known(call.sandbox, call.path["id"]))
    return {}


def delete_by_uid(call: Call) -> Json:
    """Start deleting a person by the customer's own id."""
    if not call.query.get("uid"):
        raise required("uid")
    people_writes.delete(call.sandbox, _by_uid(call, call.query["uid"]))
    return {}


def _by_uid(call: Call, uid: str) -> Person:
    person = call.sandbox.world.by_uid(uid)
    if person is None:
        raise not_found()
    return person


def stream(call: Call) -> Json:
    """Take in a person without waiting; the result is read with the request id."""
    sandbox, body = call.sandbox, dict(call.body)
    request_id = sandbox.new_uuid()
    sandbox.streams[request_id] = ""

    def arrive() -> None:
        sandbox.streams[request_id] = people_writes.upsert(sandbox, body).id

    sandbox.later.at(sandbox.now + sandbox.job_millis, arrive)
    return {"request_id": request_id}


def stream_status(call: Call) -> Json:
    """Return the id of a streamed person; empty until it is processed."""
    request_id = call.path["request_id"]
    if request_id not in call.sandbox.streams:
        raise not_found()
    return {"id": call.sandbox.streams[request_id]}


def get_v1(call: Call) -> Json:
    """Return the few facts of a person that a Standard key may read."""
    person = _by_uid(call, call.path["uid"])
    sessions = call.sandbox.world.sessions_of([person.id])
    return {
        "uid": person.uid,
        "displayName": person.display_name,
        "email": person.email,
        "numSessions": len(sessions),
        "firstSeen": times.stamp(sessions[-1].start if sessions else person.created),
        "lastSeen": times.stamp(sessions[0].start if sessions else person.created),
    }
