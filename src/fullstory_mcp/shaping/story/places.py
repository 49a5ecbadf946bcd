"""Where in a site something happened, written so that the same page is the same in every session."""

import re
from functools import lru_cache

from fullstory_mcp.shaping.story.model import Page
from fullstory_mcp.shaping.story.units import folded

_ADDRESS = re.compile(r"[a-z][\w+.-]*://(?:[^/?#]*@)?([^?#]*)[^#]*(#!?/[^?]*)?", re.IGNORECASE)
_UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
_OPAQUE = r"(?=[a-z]*\d)(?=\d*[a-z])[a-z0-9]{8,}"
_ID = re.compile(rf"(?<=/)(?:{_UUID}|{_OPAQUE})(?=/|$)", re.IGNORECASE)

Stop = tuple[str, str]
"""What makes page visits alike: the folded title and the folded address."""


def stop_of(page: Page) -> Stop:
    """The page as a step of a way through the site."""
    return folded(page.title), address(page.url)


def place_of(page: Page) -> str:
    """The page's address; its title where it has none, as screens of apps do."""
    return address(page.url) or folded(page.title) or "a page without address"


@lru_cache(maxsize=4096)
def address(url: str) -> str:
    """`shop.example.com/order/#/thanks`: no scheme, login, query or fragment; numbers and ids folded.

    A fragment that is a path of its own, as in `/#/cart`, stays.
    """
    found = _ADDRESS.match(url)
    bare = f"{found[1]}{found[2] or ''}" if found else url.partition("?")[0]
    host, slash, path = bare.partition("/")
    return f"{host}/{folded(_ID.sub('#', f'/{path}'))[1:].rstrip('/')}" if slash else host
