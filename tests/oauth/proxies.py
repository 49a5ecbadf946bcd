"""Reverse proxies as operators get them wrong: each passes requests on, but for one fault of its own."""

from collections.abc import Callable
from dataclasses import dataclass

import httpx2 as httpx
from starlette.types import ASGIApp

from fullstory_mcp.oauth.walk import Finding, walked
from oauth.harness import Door

Before = Callable[[httpx.Request], httpx.Request | httpx.Response]
After = Callable[[httpx.Request, httpx.Response], httpx.Response]

NGINX = {"content-type": "text/html", "server": "nginx"}


def as_it_is(request: httpx.Request) -> httpx.Request:
    """What a proxy should do with a request."""
    return request


def unchanged(_: httpx.Request, answer: httpx.Response) -> httpx.Response:
    """What a proxy should do with an answer."""
    return answer


@dataclass
class Proxy(httpx.AsyncBaseTransport):
    """Stands between the network and `app`, and passes everything on both ways."""

    app: ASGIApp
    before: Before = as_it_is
    after: After = unchanged

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Passes a request on, or answers it, and gives the answer back, or another one."""
        passed = self.before(request)
        if isinstance(passed, httpx.Response):
            return passed
        answer = await httpx.ASGITransport(app=self.app).handle_async_request(passed)
        await answer.aread()
        return self.after(request, answer)


def answering(status: int, *paths: str, **headers: str) -> Before:
    """Answers paths that begin with one of `paths` itself."""

    def before(request: httpx.Request) -> httpx.Request | httpx.Response:
        if request.url.path.startswith(paths):
            given = {**NGINX, **{name.replace("_", "-"): value for name, value in headers.items()}}
            return httpx.Response(status, headers=given, text=f"<h1>{status}</h1>")
        return request

    return before


def moving(prefix: str, to: str) -> Before:
    """Replaces the beginning of the path."""

    def before(request: httpx.Request) -> httpx.Request:
        path = request.url.path
        if path.startswith(prefix):
            request.url = request.url.copy_with(path=to + path.removeprefix(prefix))
        return request

    return before


def without_request_header(name: str) -> Before:
    """Takes a header away on the way in."""

    def before(request: httpx.Request) -> httpx.Request:
        request.headers.pop(name, None)
        return request

    return before


def refusing_bodies(most: int) -> Before:
    """Takes no body that is larger, as nginx by default."""

    def before(request: httpx.Request) -> httpx.Request | httpx.Response:
        if int(request.headers.get("content-length", 0)) > most:
            return httpx.Response(413, headers=NGINX, text="<h1>413</h1>")
        return request

    return before


def refusing_method(method: str) -> Before:
    """Knows a method less."""

    def before(request: httpx.Request) -> httpx.Request | httpx.Response:
        return httpx.Response(405, headers=NGINX) if request.method == method else request

    return before


def without_header(name: str) -> After:
    """Takes a header away on the way out."""

    def after(_: httpx.Request, answer: httpx.Response) -> httpx.Response:
        answer.headers.pop(name, None)
        return answer

    return after


def adding(name: str, value: str) -> After:
    """Adds a header on the way out, also where there is one."""

    def after(_: httpx.Request, answer: httpx.Response) -> httpx.Response:
        headers = [*answer.headers.multi_items(), (name, value)]
        return httpx.Response(answer.status_code, headers=headers, content=answer.content)

    return after


def rewriting(old: str, new: str, *, header: str = "") -> After:
    """Replaces a text in bodies, or in one header."""

    def after(_: httpx.Request, answer: httpx.Response) -> httpx.Response:
        if header:
            items = [
                (name, value.replace(old, new) if name == header else value)
                for name, value in answer.headers.multi_items()
            ]
            return httpx.Response(answer.status_code, headers=items, content=answer.content)
        headers = {
            name: value for name, value in answer.headers.items() if name != "content-length"
        }
        content = answer.content.replace(old.encode(), new.encode())
        return httpx.Response(answer.status_code, headers=headers, content=content)

    return after


async def found(door: Door, transport: httpx.AsyncBaseTransport | None = None) -> list[Finding]:
    """What `doctor` finds at a door, through `transport`."""
    return [each async for each in walked(door.shared, transport or Proxy(door.app))]


def faults(findings: list[Finding]) -> dict[str, str]:
    """The faults by the step that found them."""
    return {each.name: each.text for each in findings if each.mark == "bad"}
