"""What a write does to a person: upsert, merge of properties, types, deletion."""

from collections.abc import Mapping
from typing import Any

from fullstory_mcp.sandbox import checks, shapes
from fullstory_mcp.sandbox.errors import invalid, not_found
from fullstory_mcp.sandbox.jobs import Operation
from fullstory_mcp.sandbox.property_types import flattened, infer, types_of
from fullstory_mcp.sandbox.state import Sandbox
from fullstory_mcp.sandbox.world.model import Person


def upsert(sandbox: Sandbox, body: Mapping[str, Any]) -> Person:
    """Create the person, or change the one with this `id` or `uid`.

    Without either, each call makes a new anonymous person. An unknown `id` raises the 404.
    """
    person = _existing(sandbox, body)
    if person is None:
        person = Person(sandbox.new_id(), searchable=False, created=sandbox.now)
    change(sandbox, person, body)
    return person


def _existing(sandbox: Sandbox, body: Mapping[str, Any]) -> Person | None:
    if body.get("id"):
        return known(sandbox, body["id"])
    return sandbox.world.by_uid(body["uid"]) if body.get("uid") else None


def known(sandbox: Sandbox, person_id: str) -> Person:
    """Return the person with Fullstory's id, or raise the 404."""
    person = sandbox.world.people.get(person_id)
    if person is None:
        raise not_found()
    return person


def change(sandbox: Sandbox, person: Person, body: Mapping[str, Any]) -> None:
    """Set the fields that are given; properties are merged into those there."""
    _move_uid(sandbox, person, body.get("uid") or person.uid)
    for name in ("uid", "display_name", "email"):
        if body.get(name) is not None:
            setattr(person, name, body[name])
    sent = body.get("properties") or {}
    person.properties = merged(person.properties, sent)
    declared = (body.get("schema") or {}).get("properties") or {}
    person.schema |= declared
    person.type_conflicts |= _conflicts(sent, declared)
    sandbox.world.add_person(person)


def _move_uid(sandbox: Sandbox, person: Person, uid: str) -> None:
    """Let go of the old uid; one that belongs to somebody else is a 400."""
    owner = sandbox.world.by_uid(uid)
    if owner is not None and owner.id != person.id:
        raise invalid("uid belongs to another user")
    if person.uid and uid != person.uid:
        sandbox.world.forget_uid(person.uid)


def merged(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    """Lay `new` over `old`, objects part by part; lists and single values are replaced."""
    result = dict(old)
    for name, value in new.items():
        both = isinstance(value, dict) and isinstance(result.get(name), dict)
        result[name] = merged(result[name], value) if both else value
    return result


def delete(sandbox: Sandbox, person: Person) -> None:
    """Mark a person as being deleted; it is gone, with its sessions, when the job is done."""
    if person.is_being_deleted:
        return
    person.is_being_deleted = True
    done = sandbox.now + sandbox.job_millis
    operation = Operation(
        sandbox.new_code(), "DELETE_USER", {"userId": person.id}, sandbox.now, done
    )
    sandbox.operations[operation.id] = operation
    sandbox.later.at(done, lambda: sandbox.world.remove_person(person.id))


def as_json(person: Person, *, schema: bool = False) -> dict[str, Any]:
    """Return the person as #12 and #13 do; the schema only when asked for."""
    return {
        "id": person.id,
        "uid": person.uid,
        "display_name": person.display_name,
        "email": person.email,
        "is_being_deleted": person.is_being_deleted,
        "properties": person.properties,
        "schema": {"properties": types_of(person.properties, person.schema)} if schema else None,
        "type_conflicts": (person.type_conflicts or None) if schema else None,
        "app_url": person.app_url,
    }


def _conflicts(sent: Mapping[str, Any], declared: Mapping[str, str]) -> dict[str, str]:
    """Find sent values that do not fit their declared type; widening int to real is fine."""
    found = {}
    for path, value in flattened(sent):
        word, seen = declared.get(path), infer(value)
        if word and word != seen and (seen, word) not in _WIDENINGS:
            found[path] = seen
    return found


_WIDENINGS = {("int", "real"), ("ints", "reals"), ("date", "str"), ("dates", "strs")}


def check_row(row: Any) -> None:
    """Check one row of a batch of users, or raise its 400."""
    checks.shape(shapes.BATCH_USER)(row, "user")
