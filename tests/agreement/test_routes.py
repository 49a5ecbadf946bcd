"""Catalogue and sandbox were written apart, from the same documents; here they are held together."""

import re

import pytest

from fullstory_mcp.catalogue import Tool, load_catalogue
from fullstory_mcp.sandbox import ROUTES, Route

TOOLS = [tool for tool in load_catalogue().tools.values() if tool.http]

SANDBOX_ONLY = {
    (
        "GET",
        "/users/v1/individual/{}",
    ): "e13, a v1 read that no tool offers: list_sessions needs none",
}
"""Routes of the sandbox that no tool calls, and why they are there."""

NOT_OFFERED = {
    "media": "experimental, and gone from the vendor's newest contract",
    "event_types": "the other spelling of eventTypes, which the API takes as well",
    "page_token": "travels inside our cursor",
    "pagination_token": "travels inside our cursor",
    "paginationToken": "travels inside our cursor",
}
"""What the API takes and no tool has as an argument, and why."""

Endpoint = tuple[str, str]


def endpoint(method: str, path: str) -> Endpoint:
    """Method and path, whatever the path's parameters are called."""
    return method, re.sub(r"\{\w+\}", "{}", path)


def endpoints_of(tool: Tool) -> list[Endpoint]:
    """Every endpoint that a tool can call: usually one."""
    http = tool.endpoint
    return [endpoint(http.method, path) for path in (http.path, *http.path_without.values())]


def route_of(route: Route) -> Endpoint:
    """The endpoint that a route answers."""
    return endpoint(route.method, route.path)


BY_ENDPOINT = {route_of(route): route for route in ROUTES}
CALLED = {place: tool for tool in TOOLS for place in endpoints_of(tool)}

each_tool = pytest.mark.parametrize("tool", TOOLS, ids=lambda tool: tool.name)


@each_tool
def test_every_endpoint_of_a_tool_is_a_route_of_the_sandbox(tool: Tool) -> None:
    """A misspelt path or a wrong method in a tool file is no route."""
    assert set(endpoints_of(tool)) <= set(BY_ENDPOINT)


@each_tool
def test_level_of_a_tool_is_that_of_its_route(tool: Tool) -> None:
    """The gate asks for exactly what the API asks for."""
    levels = {BY_ENDPOINT[place].level for place in endpoints_of(tool)}

    assert levels == {tool.gate.level}


@each_tool
def test_metering_and_idempotency_of_a_tool_are_those_of_its_route(tool: Tool) -> None:
    """What costs an Activation, and what may be repeated under a key, is the same on both sides."""
    route = BY_ENDPOINT[endpoints_of(tool)[0]]

    assert route.metered is (tool.gate.meter == "activations")
    assert route.idempotent is (tool.endpoint.retry == "create")


@each_tool
def test_every_argument_of_a_tool_is_known_to_its_route(tool: Tool) -> None:
    """The sandbox refuses unknown fields, so a misspelt argument would never work."""
    for place in endpoints_of(tool):
        route = BY_ENDPOINT[place]
        paging = {tool.endpoint.page} if tool.endpoint.page else set()
        query = set(tool.endpoint.query) | paging
        if place == endpoint(tool.endpoint.method, tool.endpoint.path):
            query -= {"uid"} if tool.endpoint.path_without else set()

        assert query <= set(route.query)
        assert set(tool.endpoint.body or ()) <= set(route.body or {})
        assert (tool.endpoint.body is not None) <= (route.body is not None)


@each_tool
def test_every_parameter_of_a_route_is_offered_by_its_tool(tool: Tool) -> None:
    """What the API takes, a model can give; what it cannot give is listed with the reason."""
    offered = set(tool.endpoint.query) | set(tool.endpoint.body or ()) | set(NOT_OFFERED)
    for place in endpoints_of(tool):
        route = BY_ENDPOINT[place]

        assert set(route.query) | set(route.body or {}) <= offered


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: f"{route.method} {route.path}")
def test_every_route_is_called_by_a_tool_or_listed_as_the_sandbox_s_own(route: Route) -> None:
    """Nothing documented is left without a tool by oversight."""
    place = route_of(route)

    assert (place in CALLED) is not (place in SANDBOX_ONLY)
