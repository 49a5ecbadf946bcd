"""What a tool is once read: plain values, no behaviour beyond naming their parts."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

from fullstory_mcp.catalogue.offers import Prompt, ResourceTemplate
from fullstory_mcp.principal import Level

JSON = dict[str, Any]
"""A JSON object."""

Effect = Literal["read", "write", "delete"]

EFFECTS: tuple[Effect, ...] = ("read", "write", "delete")

Meter = Literal["activations", "server_events"]
"""What a call can spend of the account."""

Limit = Literal["segments", "profiles", "rows", "sessions"]
"""What a policy can limit of a call's arguments."""

LIMITS: tuple[Limit, ...] = ("segments", "profiles", "rows", "sessions")

CONTROL_ARGUMENTS = frozenset({"cursor", "confirmation", "dry_run"})
"""Arguments that are ours alone and never reach the API."""


@dataclass(frozen=True, slots=True)
class Gate:
    """Who may call a tool, what it changes, what it spends, and what is confirmed first.

    `limits` names the arguments that each limit of a policy looks at. `targets` are the dotted paths of
    the ids that the audit writes down (`requests[].user.uid`: of every row), and `did` is what it says
    of a call: `{uid|email}` stands for the first of these ids that is given, and what stands in square
    brackets is left out where none is.
    """

    level: Level
    effect: Effect
    did: str
    meter: Meter | None = None
    confirm: str | None = None
    preview: Literal["user", "summary_profile", "webhook_endpoint"] | None = None
    limits: Mapping[Limit, tuple[str, ...]] = field(default_factory=dict)
    targets: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Input:
    """The whole argument schema (shapes resolved) and the rules JSON Schema cannot say."""

    schema: JSON
    rules: tuple[JSON, ...]


@dataclass(frozen=True)
class Endpoint:
    """One endpoint of the API and where each argument goes."""

    method: Literal["GET", "POST", "DELETE"]
    path: str
    retry: str
    host: Literal["api", "export"] = "api"
    path_without: Mapping[str, str] = field(default_factory=dict)
    query: tuple[str, ...] = ()
    body: tuple[str, ...] | None = None
    ours: tuple[str, ...] = ()
    timeout: str = "call"
    answer: Literal["json", "file", "link"] = "json"
    page: str | None = None
    says: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def path_names(self) -> tuple[str, ...]:
        """The arguments named in the path, in order."""
        return tuple(re.findall(r"\{(\w+)\}", self.path))


@dataclass(frozen=True, slots=True)
class Shape:
    """How the answer is given to a model."""

    kind: Literal["item", "list", "rows", "done", "reading", "report", "summary"]
    items: str = ""
    next: tuple[str, ...] = ()
    total: str | None = None
    drop: frozenset[str] = frozenset()
    done: str = "Done."


@dataclass(frozen=True)
class Tool:
    """One tool file."""

    name: str
    area: str
    title: str
    description: str
    annotations: Mapping[str, bool]
    gate: Gate
    input: Input
    shape: Shape
    examples: tuple[JSON, ...]
    source: Mapping[str, str]
    http: Endpoint | None = None
    composite: str | None = None

    @property
    def endpoint(self) -> Endpoint:
        """The tool's endpoint; ValueError for a tool that has none."""
        if self.http is None:
            raise ValueError(self.name)
        return self.http

    @property
    def pages(self) -> bool:
        """Whether answers come with a cursor."""
        return "cursor" in self.input.schema["properties"]


@dataclass(frozen=True, slots=True)
class Area:
    """A toolset: its name in settings, its title, and when it is the one to use."""

    name: str
    title: str
    when: str


@dataclass(frozen=True, slots=True)
class Provider:
    """What is true of the whole API: hosts, auth, identity, errors, timeouts, retries (provider.json)."""

    hosts: Mapping[str, str]
    replay_hosts: tuple[str, ...]
    auth: JSON
    identity: JSON
    integration: JSON
    idempotency: JSON
    errors: JSON
    answers: JSON
    timeouts: Mapping[str, Mapping[str, float]]
    retry: JSON


@dataclass(frozen=True)
class Catalogue:
    """Every tool by name, in the fixed order of areas and files, with the provider's facts.

    Prompts and resource templates are what is offered on top of the tools.
    """

    provider: Provider
    areas: tuple[Area, ...]
    tools: Mapping[str, Tool]
    prompts: tuple[Prompt, ...] = ()
    resources: tuple[ResourceTemplate, ...] = ()
