"""An API of a test's own, where the sandbox would be too well-behaved. Not a mock of our code.

It stands where the network is: it sees every request as it leaves and answers what it is told.
"""

from dataclasses import dataclass, field

import httpx2 as httpx

KEY = "eu1.Zq8Xw3Lm9TkVb7Np2Rd5Hs6Jc"
"""A key that looks like a real one, so that what could leak of it can be looked for."""


@dataclass
class Reply:
    """One answer: what comes back, or the error that the connection ends with."""

    body: bytes | str = b"{}"
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    error: type[httpx.TransportError] | None = None


class Api(httpx.AsyncBaseTransport):
    """Answers `GET /me` by `role`, and every other request by the next reply; the last one stays.

    Without a role, `GET /me` is answered like every other request.

    `requests` holds every request but those for the role.
    """

    def __init__(self, *replies: Reply, role: str | None = "ADMIN") -> None:
        self._replies = list(replies) or [Reply()]
        self._me = None if role is None else f'{{"role": "{role}"}}'
        self.requests: list[httpx.Request] = []
        self.asked_for_role: list[httpx.Request] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Notes the request and answers it."""
        if self._me is not None and request.url.path.endswith("/me"):
            self.asked_for_role.append(request)
            return httpx.Response(200, text=self._me)
        self.requests.append(request)
        return await self.answer(request)

    async def answer(self, request: httpx.Request) -> httpx.Response:
        """The next reply; tests that must wait or count override it."""
        reply = self._replies.pop(0) if len(self._replies) > 1 else self._replies[0]
        if reply.error is not None:
            raise reply.error("the test broke this connection", request=request)
        return httpx.Response(
            reply.status, headers=reply.headers, stream=httpx.ByteStream(_bytes(reply.body))
        )

    def urls(self) -> list[str]:
        """Where the requests went, in order."""
        return [str(request.url) for request in self.requests]


def _bytes(body: bytes | str) -> bytes:
    return body.encode() if isinstance(body, str) else body
