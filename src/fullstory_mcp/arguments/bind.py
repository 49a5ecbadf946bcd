"""From what a client sent to arguments that can be sent on, or to every fault by name.

    1. a replay URL given as a session id becomes the id
    2. the schema is tried strictly
    3. where a type alone is wrong and the text is unambiguous ("42", "true"), it is converted
    4. identifiers that go into a path, and the tool file's rules, are checked
    5. what the API takes in a dialect of its own is translated

The texts of faults are ours, made from the kind of fault and its path: a validator's own message
repeats the caller's data.
"""

from collections.abc import Iterable
from itertools import islice
from typing import Any, Protocol

from fullstory_mcp import wire
from fullstory_mcp.arguments import coerce, identifiers, rules, translate, wording
from fullstory_mcp.catalogue import JSON, Provider, Tool
from fullstory_mcp.errors import Fault, InvalidArguments

MOST_FAULTS = 1_000
"""Counting stops here: 50,000 wrong rows are not worth 50,000 messages."""


class _Validator(Protocol):
    def is_valid(self, instance: Any) -> bool: ...
    def iter_errors(self, instance: Any) -> Iterable[Any]: ...


class Binder:
    """Checks arguments against a tool's schema and rules; validators are compiled on first use."""

    def __init__(self, provider: Provider) -> None:
        self._replay_hosts = frozenset(provider.replay_hosts)
        self._validators: dict[str, _Validator] = {}
        self._marks: dict[str, tuple[tuple[translate.Path, str], ...]] = {}

    def bind(self, tool: Tool, raw: object) -> JSON:
        """The arguments to send.

        Raises:
            InvalidArguments: with every faulty field, counted up to 1,000.
        """
        if raw is None:
            raw = {}
        if not isinstance(raw, dict):
            raise InvalidArguments([Fault("arguments", "must be an object")])
        _raise_if(_unsendable(raw))
        arguments = identifiers.unwrap_replay_urls(tool, raw, self._replay_hosts)
        validator = self._validator(tool)
        if not validator.is_valid(arguments):
            arguments = self._coerced(tool, validator, arguments)
        _raise_if(list(islice(identifiers.faults(tool, arguments), MOST_FAULTS)))
        _raise_if(list(islice(rules.faults(tool.input.rules, arguments), MOST_FAULTS)))
        return self._translated(tool, arguments)

    def _validator(self, tool: Tool) -> _Validator:
        if (validator := self._validators.get(tool.name)) is None:
            validator = self._validators[tool.name] = _compile(tool.input.schema)
        return validator

    def _translated(self, tool: Tool, arguments: JSON) -> JSON:
        if (marks := self._marks.get(tool.name)) is None:
            marks = self._marks[tool.name] = tuple(translate.marks(tool.input.schema))
        for path, name in marks:
            arguments, faults = translate.translated(arguments, path, name)
            _raise_if(faults[:MOST_FAULTS])
        return arguments

    def _coerced(self, tool: Tool, validator: _Validator, arguments: JSON) -> JSON:
        schema = tool.input.schema
        errors = list(validator.iter_errors(arguments))
        converted = coerce.convert(schema, arguments, [list(e.instance_path) for e in errors])
        if converted != arguments:
            errors = list(validator.iter_errors(converted))
        found = (fault for error in errors for fault in wording.faults(error, schema))
        _raise_if(list(islice(found, MOST_FAULTS)))
        return converted


def _unsendable(raw: JSON) -> list[Fault]:
    """A fault where `raw` is no JSON that can be sent: half a character, or nested without end."""
    try:
        wire.write(raw)
    except ValueError:
        return [Fault("arguments", "must be well-formed text, nested at most 200 deep")]
    return []


def _raise_if(faults: list[Fault]) -> None:
    if faults:
        raise InvalidArguments(faults, at_least=len(faults) >= MOST_FAULTS)


def _compile(schema: JSON) -> _Validator:
    import jsonschema_rs  # noqa: PLC0415 - its import would cost the start a tenth

    validator: _Validator = jsonschema_rs.validator_for(schema, mask="…", validate_formats=True)
    return validator
