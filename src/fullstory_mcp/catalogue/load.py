"""Reads `tool_schemas/` and nothing else.

    tool_schemas/
      catalogue.schema.json          the law of a tool file (tests hold every file to all of it)
      fullstory/
        provider.json  areas.json  shapes.json  prompts.json  resources.json
        <area>/<tool>.json           one tool a file; the stem is the tool's name

The files lie inside the package in a wheel and beside `src/` in a checkout (an editable install
keeps only a stale copy elsewhere), so the package is looked in first, then the checkout. Reading
builds every tool strictly: a missing, unknown or contradictory part is a `CatalogueError` that
names the file. The complete law needs a schema validator, whose import would cost a tenth of the
start, so it is left to the tests.
"""

import dataclasses
import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from fullstory_mcp.catalogue.model import (
    CONTROL_ARGUMENTS,
    EFFECTS,
    JSON,
    Area,
    Catalogue,
    Endpoint,
    Gate,
    Input,
    Provider,
    Shape,
    Tool,
)
from fullstory_mcp.catalogue.offers import read_prompt, read_resource
from fullstory_mcp.errors import CatalogueError
from fullstory_mcp.principal import LEVELS

_PACKAGE = Path(__file__).resolve().parent.parent
ROOTS = (_PACKAGE / "tool_schemas", _PACKAGE.parent.parent / "tool_schemas")

_Offer = TypeVar("_Offer")

_TOOL_KEYS = frozenset(
    {"tool", "gate", "input", "http", "composite", "shape", "examples", "source"}
)
CHANGING = ("dry_run", "confirmation")
"""What every tool takes that changes something."""

_IN_BRACES = re.compile(r"\{([\w.|]+)\}")
_HINTS = frozenset({"readOnlyHint", "destructiveHint", "idempotentHint", "openWorldHint"})


def find_root() -> Path:
    """Where the catalogue lies.

    Raises:
        CatalogueError: neither the package nor the checkout holds it.
    """
    for root in ROOTS:
        if root.is_dir():
            return root
    raise CatalogueError(
        "The catalogue is missing: no folder tool_schemas in the package or checkout."
    )


def load_catalogue(root: Path | None = None) -> Catalogue:
    """Reads the whole catalogue from `root` (found when absent), in the fixed order it is served.

    Raises:
        CatalogueError: a file is missing, is not JSON, or breaks the law; the text names the file.
    """
    base = (root or find_root()) / "fullstory"
    provider = _provider(base / "provider.json")
    areas = tuple(Area(**row) for row in _read(base / "areas.json"))
    shapes = _read(base / "shapes.json")
    tools: dict[str, Tool] = {}
    for area in areas:
        for path in sorted((base / area.name).glob("*.json")):
            tools[path.stem] = _tool(path, area.name, shapes, provider)
    if not tools:
        raise CatalogueError("The catalogue is empty: no tool file below tool_schemas/fullstory.")
    return Catalogue(
        provider=provider,
        areas=areas,
        tools=tools,
        prompts=_offers(base / "prompts.json", read_prompt),
        resources=_offers(base / "resources.json", read_resource),
    )


def _offers(path: Path, read: Callable[[JSON], _Offer]) -> tuple[_Offer, ...]:
    try:
        return tuple(read(row) for row in _read(path))
    except (KeyError, TypeError, AttributeError) as error:
        raise CatalogueError(f"The catalogue file {_short(path)} is broken: {error}.") from None


def _read(path: Path) -> Any:
    try:
        return json.loads(path.read_bytes())
    except FileNotFoundError:
        raise CatalogueError(f"The catalogue file {_short(path)} is missing.") from None
    except (OSError, ValueError) as error:
        raise CatalogueError(
            f"The catalogue file {_short(path)} cannot be read: {error}."
        ) from None


def _short(path: Path) -> str:
    return "/".join(path.parts[-3:])


def _provider(path: Path) -> Provider:
    raw = _read(path)
    names = [field.name for field in dataclasses.fields(Provider)]
    try:
        return Provider(**{name: raw[name] for name in names})
    except (KeyError, TypeError) as error:
        raise CatalogueError(f"The catalogue file {_short(path)} lacks {error}.") from None


def _tool(path: Path, area: str, shapes: JSON, provider: Provider) -> Tool:
    raw = _read(path)
    try:
        tool = _build(raw, area, shapes)
        _check(tool, path.stem, provider)
    except KeyError as error:
        raise CatalogueError(f"The catalogue file {_short(path)} lacks {error}.") from None
    except (TypeError, ValueError, AttributeError) as error:
        raise CatalogueError(f"The catalogue file {_short(path)} is broken: {error}.") from None
    return tool


def _build(raw: JSON, area: str, shapes: JSON) -> Tool:
    if unknown := set(raw) - _TOOL_KEYS:
        raise ValueError(f"unknown key {min(unknown)}")
    head, shape, http = raw["tool"], dict(raw["shape"]), raw.get("http")
    arguments = raw["input"]["properties"]
    if raw["gate"]["effect"] != "read":
        arguments = arguments | {
            name: {"shape": name} for name in CHANGING if name not in arguments
        }
    schema = {
        "type": "object",
        "properties": {name: _resolve(argument, shapes) for name, argument in arguments.items()},
        "required": raw["input"]["required"],
        "additionalProperties": False,
    }
    return Tool(
        name=head["name"],
        area=area,
        title=head["title"],
        description=head["description"],
        annotations=head["annotations"],
        gate=_gate(raw["gate"]),
        input=Input(schema=schema, rules=tuple(raw["input"]["rules"])),
        http=Endpoint(**_tuples(http)) if http else None,
        composite=raw.get("composite"),
        shape=Shape(**_tuples(shape) | {"drop": frozenset(shape.get("drop", ()))}),
        examples=tuple(raw["examples"]),
        source=raw["source"],
    )


def _gate(raw: JSON) -> Gate:
    limits = {limit: tuple(names) for limit, names in raw.get("limits", {}).items()}
    return Gate(**raw | {"limits": limits, "targets": tuple(raw.get("targets", ()))})


def _tuples(raw: Mapping[str, Any]) -> JSON:
    return {key: tuple(value) if isinstance(value, list) else value for key, value in raw.items()}


def _resolve(node: Any, shapes: JSON) -> Any:
    """Replaces `{"shape": name, …}` by that shape; keys beside it win over the shape's own."""
    if isinstance(node, list):
        return [_resolve(part, shapes) for part in node]
    if not isinstance(node, dict):
        return node
    if isinstance(name := node.get("shape"), str):
        rest = {key: value for key, value in node.items() if key != "shape"}
        return _resolve({**shapes[name], **rest}, shapes)
    return {key: _resolve(value, shapes) for key, value in node.items()}


def _check(tool: Tool, stem: str, provider: Provider) -> None:
    """The cross-references a schema cannot hold; ValueError names the first that fails."""
    properties = tool.input.schema["properties"]
    facts = {
        f"the name {tool.name} differs from the file's": tool.name == stem,
        f"unknown level {tool.gate.level}": tool.gate.level in LEVELS,
        f"unknown effect {tool.gate.effect}": tool.gate.effect in EFFECTS,
        "a tool that changes something says what, and no other": (tool.gate.effect != "read")
        == bool(tool.gate.confirm),
        "a part of the gate names an argument that is not declared": _named(tool)
        <= set(properties),
        "gate.did names an id that is not among gate.targets": _told(tool)
        <= set(tool.gate.targets),
        "all four annotations must be set": set(tool.annotations) == _HINTS,
        "a required argument is not declared": set(tool.input.schema["required"])
        <= set(properties),
        "neither http nor composite is given": bool(tool.http or tool.composite),
    }
    if tool.http:
        facts |= _endpoint_facts(tool.http, set(properties), provider)
    for fault, holds in facts.items():
        if not holds:
            raise ValueError(fault)


def _named(tool: Tool) -> set[str]:
    """Every argument that the gate's limits, targets and question name."""
    gate = tool.gate
    limited = {name for names in gate.limits.values() for name in names}
    aimed = {re.split(r"[.\[]", path)[0] for path in gate.targets}
    return limited | aimed | set(_IN_BRACES.findall(gate.confirm or ""))


def _told(tool: Tool) -> set[str]:
    """Every id that the audit's sentence names."""
    return {path for paths in _IN_BRACES.findall(tool.gate.did) for path in paths.split("|")}


def _endpoint_facts(http: Endpoint, declared: set[str], provider: Provider) -> dict[str, bool]:
    header = {provider.idempotency["argument"]} & declared
    sent = set(http.path_names) | set(http.query) | set(http.body or ()) | set(http.ours) | header
    return {
        f"unknown retry policy {http.retry}": http.retry in provider.retry["policies"],
        f"unknown timeout {http.timeout}": http.timeout in provider.timeouts,
        f"unknown host {http.host}": http.host in provider.hosts,
        "arguments and places differ": sent == declared - CONTROL_ARGUMENTS,
    }
