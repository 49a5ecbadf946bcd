"""An embedded stand-in for Fullstory's Server API, with an invented shop behind it.

Written from the vendor's public documents alone, so that a mistake made elsewhere in this
project is not made here again. It is no client and no test of one: tests and demonstrations
talk to it over HTTP, in process or through a server. Importing it builds no world yet.
"""

from fullstory_mcp.sandbox.app import create_app
from fullstory_mcp.sandbox.auth import KEYS
from fullstory_mcp.sandbox.faults import Fault
from fullstory_mcp.sandbox.limits import DEFAULT_LIMITS, RateLimits
from fullstory_mcp.sandbox.routes import ROUTES
from fullstory_mcp.sandbox.routing import Route
from fullstory_mcp.sandbox.state import Sandbox

__all__ = [
    "DEFAULT_LIMITS",
    "KEYS",
    "ROUTES",
    "Fault",
    "RateLimits",
    "Route",
    "Sandbox",
    "create_app",
]
