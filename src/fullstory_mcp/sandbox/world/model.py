"""The records of the world: people, sessions, and what happened in a session."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from fullstory_mcp.sandbox.world import shop
from fullstory_mcp.sandbox.world.shop import Element
from fullstory_mcp.sandbox.world.visitors import Machine, Place


@dataclass(slots=True)
class Person:
    """Somebody the shop knows, or an anonymous visitor when `uid` is empty.

    `searchable` turns true with the first activity; until then only the id finds the person.
    """

    id: str
    uid: str = ""
    display_name: str = ""
    email: str = ""
    properties: dict[str, Any] = field(default_factory=dict)
    schema: dict[str, str] = field(default_factory=dict)
    type_conflicts: dict[str, str] = field(default_factory=dict)
    is_being_deleted: bool = False
    searchable: bool = True
    created: int = 0

    @property
    def app_url(self) -> str:
        """The person's page in the vendor's application."""
        return f"{shop.APP_URL}/people/0/user/{self.id}"


@dataclass(frozen=True, slots=True)
class Moment:
    """One thing that happened: when (ms), in which visit to a page, what, and the facts."""

    at: int
    page: int
    kind: str
    element: Element | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)
    source: str = "dom"


@dataclass(slots=True)
class Session:
    """One session: who, when, of which archetype. What happened in it is told on demand.

    `added` holds events that came in through the API; `uid` is the customer's own name for
    the session, mostly empty.
    """

    device: str
    number: str
    person: str
    archetype: str
    start: int
    uid: str = ""
    added: list[Moment] = field(default_factory=list)

    @property
    def id(self) -> str:
        """The two halves joined, as #2 to #5 take it."""
        return f"{self.device}:{self.number}"

    @property
    def app_url(self) -> str:
        """The replay link."""
        return f"{shop.APP_URL}/session/{quote(self.id, safe='')}"


@dataclass(frozen=True, slots=True)
class PageVisit:
    """One stay on one page."""

    view_id: str
    name: str
    path: str
    title: str
    start: int

    @property
    def url(self) -> str:
        """The full address; empty when the shop's page is not known."""
        return f"https://{shop.HOST}{self.path}" if self.path else ""


@dataclass(frozen=True, slots=True)
class Story:
    """Everything that happened in one session, in time order, and with which machine."""

    session: Session
    machine: Machine
    place: Place
    ip_address: str
    pages: tuple[PageVisit, ...]
    moments: tuple[Moment, ...]

    @property
    def mobile(self) -> bool:
        """True for the shop's app, false for a browser."""
        return bool(self.machine.app_version)
