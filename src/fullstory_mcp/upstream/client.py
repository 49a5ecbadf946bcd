"""Sends one call to Fullstory, in rings: places → tries → one exchange. Each ring has one concern.

    send       at most so many in flight for a key; a waiting retry gives its place up
    _tries     repeats what the retry table allows and the caller still may, within the call's time
    _exchange  one request, one bounded body, the key on it; a write is finished once begun

The transport is the one seam: production, sandbox and tests differ only in it. It is driven
directly, because nothing of a client's own (cookies, redirects, proxies by host) may touch the key.
"""

import time
from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any, cast

import anyio
import httpx2 as httpx

from fullstory_mcp.catalogue import JSON, Provider, Tool
from fullstory_mcp.errors import CallerError, Unreadable, UpstreamError
from fullstory_mcp.principal import Key, Principal
from fullstory_mcp.upstream import failures
from fullstory_mcp.upstream.errand import Again, Begins, Errand, Sink, Still, always, freely, untold
from fullstory_mcp.upstream.request import USER_AGENT, Hosts, Outgoing, outgoing, shown
from fullstory_mcp.upstream.retry import Failure, Plan, retry_after

PATIENCE = {"timeout": {"connect": 5.0, "read": None, "write": None, "pool": None}}
"""Seconds for connecting; everything after is bounded by the whole try."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A success: its status and parsed JSON, None where the body was empty."""

    status: int
    data: Any


class Upstream:
    """The API as every room above it knows it.

    `transport` is called once, at the first request. `clock` is Unix time; `sleep` takes seconds.
    """

    def __init__(  # noqa: PLR0913 - wiring names every part
        self,
        transport: Callable[[], httpx.AsyncBaseTransport],
        hosts: Hosts,
        provider: Provider,
        *,
        max_in_flight: int = 32,
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], Awaitable[None]] = anyio.sleep,
    ) -> None:
        self.hosts = hosts
        self.provider = provider
        self._make_transport = transport
        self._transport: httpx.AsyncBaseTransport | None = None
        self._max_in_flight = max_in_flight
        self._places: dict[str, anyio.Semaphore] = {}
        self._clock = clock
        self._sleep = sleep

    async def aclose(self) -> None:
        """Closes the pool; a later request would open a new one."""
        if self._transport is not None:
            transport, self._transport = self._transport, None
            await transport.aclose()

    async def send(  # noqa: PLR0913 - what is sent, for whom, and who may stop it
        self,
        tool: Tool,
        arguments: JSON,
        principal: Principal,
        page_token: str | None = None,
        sink: Sink | None = None,
        *,
        still: Still = always,
        again: Again = freely,
        begins: Begins = untold,
    ) -> Answer:
        """One call of `tool`, repeated as its retry policy and `again` allow.

        With a `sink` the body of a success goes there as it comes and the answer's data is None.
        `still` is asked right before each try of what changes something, however long it waited.

        Raises:
            UpstreamError: no success; the text says what to do and whether it may have taken effect.
            CallerError: `still` stopped it, and nothing can have been done.
        """
        request = outgoing(tool, arguments, self.hosts, self.provider, page_token)
        asked = still if request.changes else always
        return await self._tries(Errand(request, principal.key, sink, asked, again, begins))

    def shown(self, tool: Tool, arguments: JSON) -> JSON:
        """The request that `send` would make first, as it may be shown; nothing is sent."""
        return shown(tool, arguments, self.hosts, self.provider)

    async def role(self, key: Key) -> str:
        """The role behind a key by `GET /me`, in one short try.

        Raises:
            UpstreamError: no answer, or none that names a role.
        """
        row = self.provider.identity
        request = Outgoing(
            "GET",
            self.hosts.api + row["path"],
            {},
            None,
            "read",
            "call",
            changes=False,
            meter=None,
        )
        outcome = await self._exchange(request, key, row["seconds"], None)
        if isinstance(outcome, Failure):
            raise outcome.error
        role = outcome.data.get(row["role"]) if isinstance(outcome.data, dict) else None
        if not isinstance(role, str):
            raise Unreadable("GET /me named no role.", status=outcome.status)
        return role

    async def _tries(self, errand: Errand) -> Answer:
        limits = self.provider.timeouts[errand.request.timeout]
        end = time.monotonic() + limits["total"]
        plan = Plan(self.provider.retry, errand.request.retry)
        doubt: UpstreamError | None = None
        while True:
            try:
                outcome = await self._in_place(errand, limits["try"], end)
            except CallerError:
                if doubt is None:
                    raise
                raise doubt from None
            if isinstance(outcome, Answer):
                return outcome
            if errand.request.changes and outcome.sent:
                # However the next tries end, this one may have taken effect.
                doubt = outcome.error
            wait = plan.wait(outcome, end - time.monotonic())
            if wait is not None:
                await self._sleep(wait)
            if wait is None or not await errand.again(outcome.sent):
                error = doubt or outcome.error
                error.unspent = doubt is None and not outcome.sent
                raise error

    async def _in_place(self, errand: Errand, most: float, end: float) -> Answer | Failure:
        """One try, once there is a place for it; the wait for a place is part of the call's time.

        Raises:
            CallerError: while it waited, the caller was stopped.
        """
        request = errand.request
        place = self._place(errand.key)
        try:
            with anyio.fail_after(end - time.monotonic()):
                await place.acquire()
        except TimeoutError:
            what = (
                "As many calls with this key as there may be at once are waiting for Fullstory "
                f"already ({self._max_in_flight})."
            )
            return Failure("busy", failures.unavailable(what, request, sent=False), sent=False)
        try:
            await errand.still()
            seconds = min(most, end - time.monotonic())
            errand.begins()
            return await self._exchange(request, errand.key, seconds, errand.sink)
        finally:
            place.release()

    def _place(self, key: Key) -> anyio.Semaphore:
        if (place := self._places.get(key.fingerprint)) is None:
            place = anyio.Semaphore(self._max_in_flight, fast_acquire=True)
            self._places[key.fingerprint] = place
        return place

    async def _exchange(
        self, request: Outgoing, key: Key, seconds: float, sink: Sink | None
    ) -> Answer | Failure:
        """One try within `seconds`; cancelling the caller does not stop a write that has begun."""
        try:
            with anyio.fail_after(seconds, shield=request.changes) as patience:
                return await self._once(request, key, sink, patience, seconds)
        except TimeoutError:
            what = f"Fullstory did not answer within {failures.counted_seconds(seconds)}."
            return Failure("timed_out", failures.unavailable(what, request))
        except httpx.ConnectTimeout:
            what = "Fullstory could not be reached in time."
            return Failure("timed_out", failures.unavailable(what, request, sent=False), sent=False)
        except (httpx.ConnectError, httpx.ProxyError):
            what = "Fullstory could not be reached: check FULLSTORY_API_URL and the network."
            error = failures.unavailable(what, request, sent=False)
            return Failure("disconnected", error, sent=False)
        except httpx.TransportError:
            what = "The connection to Fullstory broke before its answer was whole."
            return Failure("disconnected", failures.unavailable(what, request))

    async def _once(
        self,
        request: Outgoing,
        key: Key,
        sink: Sink | None,
        patience: anyio.CancelScope,
        seconds: float,
    ) -> Answer | Failure:
        response = await self._open(request, key)
        status = response.status_code
        try:
            if sink is not None and 200 <= status < 300:
                sink.begin()
                async for chunk in response.aiter_bytes():
                    # A large file may take long; what is not endured is silence.
                    patience.deadline = anyio.current_time() + seconds
                    sink.write(chunk)
                return Answer(status, None)
            body = await self._body(response, request)
        except httpx.DecodingError:
            what = "Fullstory's answer could not be decompressed."
            raise failures.unreadable(what, request, status=status) from None
        finally:
            await response.aclose()
        if 200 <= status < 300:
            return Answer(status, failures.parsed(body, request, status))
        return self._failed(response, body, request, key)

    async def _open(self, request: Outgoing, key: Key) -> httpx.Response:
        if self._transport is None:
            self._transport = self._make_transport()
        auth = self.provider.auth
        headers = {
            **request.headers,
            auth["header"]: f"{auth['scheme']} {key.reveal()}",
            "Accept": "application/json",
            "Accept-Encoding": "gzip",
            "User-Agent": USER_AGENT,
        }
        sent = httpx.Request(
            request.method,
            request.url,
            headers=headers,
            content=request.content,
            extensions=PATIENCE,
        )
        return await self._transport.handle_async_request(sent)

    async def _body(self, response: httpx.Response, request: Outgoing) -> bytes:
        most: int = self.provider.answers["max_bytes"]
        chunks: list[bytes] = []
        size = 0
        async for chunk in _decoded(response):
            size += len(chunk)
            if size > most:
                what = f"Fullstory's answer is larger than {most // 2**20} MiB and was not read."
                raise failures.unreadable(what, request, status=response.status_code)
            chunks.append(chunk)
        return b"".join(chunks)

    def _failed(
        self, response: httpx.Response, body: bytes, request: Outgoing, key: Key
    ) -> Failure:
        status = response.status_code
        seconds = retry_after(response.headers.get("retry-after"), self._clock())
        message = failures.said(body, self.provider, key)
        error = failures.of_status(status, message, seconds, request, self.provider)
        if status == 429 and not failures.is_quota(message, request, self.provider):
            return Failure("rate_limited", error, seconds, sent=False)
        if status == 409:
            return Failure("conflict", error, sent=False)
        if status >= 500:
            return Failure("server_error", error, seconds)
        return Failure("refused", error, sent=status < 400)


def _decoded(response: httpx.Response) -> AsyncIterator[bytes]:
    """The body's bytes; a body that is not compressed is taken as it comes, which is quicker."""
    if "content-encoding" in response.headers:
        return response.aiter_bytes()
    return aiter(cast("AsyncIterable[bytes]", response.stream))
