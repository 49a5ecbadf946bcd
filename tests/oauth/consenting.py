"""A person at the consent page, step by step."""

import re
from typing import Any

import httpx2 as httpx

from oauth.harness import KEY, REDIRECT_URI, Door, followed, submitted

NAME = "Test client"


async def begun(
    door: Door,
    browser: httpx.AsyncClient | None = None,
    *,
    name: str = NAME,
    redirect_uri: str = REDIRECT_URI,
    **parameters: str | None,
) -> httpx.Response:
    """The first step's page for a new client."""
    browser = browser or door.client
    client = await door.registered(client_name=name, redirect_uris=[redirect_uri])
    question = door.question(client["client_id"], redirect_uri=redirect_uri, **parameters)
    return await followed(browser, await browser.get("/authorize", params=question))


async def shown_key(
    door: Door, page: httpx.Response, key: str = KEY, browser: httpx.AsyncClient | None = None
) -> httpx.Response:
    """What comes of pasting a key, redirects of ours followed."""
    answer = await submitted(browser or door.client, page, {"api_key": key})
    return await followed(browser or door.client, answer) if answer.is_redirect else answer


async def proven(door: Door, key: str = KEY, **parameters: Any) -> httpx.Response:
    """The second step's page for a new client, after `key` was accepted."""
    return await shown_key(door, await begun(door, **parameters), key)


def text_of(page: httpx.Response) -> str:
    """What a page says, without its marks and its style."""
    body = re.sub(r"<style>.*?</style>", "", page.text, flags=re.DOTALL)
    return " ".join(re.sub(r"<[^>]+>", " ", body).split())


def ticked(page: httpx.Response) -> list[str]:
    """The scopes whose boxes are ticked beforehand."""
    boxes = re.findall(r'<input type="checkbox"[^>]*>', page.text)
    return [value_of(box) for box in boxes if " checked" in box]


def offered(page: httpx.Response) -> list[str]:
    """The scopes that have a box."""
    return [value_of(box) for box in re.findall(r'<input type="checkbox"[^>]*>', page.text)]


def value_of(tag: str) -> str:
    """The value of an input."""
    return tag.partition('value="')[2].partition('"')[0]
