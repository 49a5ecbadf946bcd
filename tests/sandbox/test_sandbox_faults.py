"""Faults of the sandbox: what an answer can suffer, in code and over HTTP."""

from collections.abc import Callable

import anyio
import httpx2 as httpx
import pytest
from starlette.applications import Starlette

from fullstory_mcp.sandbox import Fault, Sandbox

pytestmark = pytest.mark.anyio

Connect = Callable[[Starlette, str], httpx.AsyncClient]


async def test_a_fault_strikes_as_often_as_it_should(
    standard: httpx.AsyncClient, sandbox: Sandbox
) -> None:
    """After its number of times the real answer is back."""
    sandbox.faults.add(Fault(path="/me", times=2, status=500))

    statuses = [(await standard.get("/me")).status_code for _ in range(3)]

    assert statuses == [500, 500, 200]
    assert len(sandbox.faults) == 0


async def test_a_fault_strikes_only_what_it_matches(
    standard: httpx.AsyncClient, sandbox: Sandbox
) -> None:
    """Method and raw path choose; the path is a regular expression from the start."""
    sandbox.faults.add(Fault(method="POST", path=r"/v2/(users|events)$", status=429))

    assert (await standard.post("/v2/events", json={"name": "a"})).status_code == 429
    assert (await standard.post("/v2/events/batch", json={})).status_code == 400
    assert (await standard.get("/me")).status_code == 200


async def test_a_status_brings_its_documented_body_and_headers(
    standard: httpx.AsyncClient, sandbox: Sandbox
) -> None:
    """A throttled answer reads like a real one, for as long as the fault is there."""
    sandbox.faults.add(Fault(status=429, headers={"Retry-After": "7"}))

    for _ in range(3):
        answer = await standard.get("/me")
        assert (answer.status_code, answer.headers["retry-after"]) == (429, "7")
        assert answer.json()["code"] == "too_many_requests"


async def test_a_proxy_can_answer_in_html(standard: httpx.AsyncClient, sandbox: Sandbox) -> None:
    """Status, content type and bytes are free."""
    page = b"<html>Bad gateway</html>"
    sandbox.faults.add(Fault(status=502, headers={"Content-Type": "text/html"}, body=page))

    answer = await standard.get("/me")

    assert (answer.status_code, answer.content) == (502, page)
    assert answer.headers["content-type"] == "text/html"


async def test_an_answer_can_be_cut_in_half(standard: httpx.AsyncClient, sandbox: Sandbox) -> None:
    """The real answer breaks off in the middle while its length agrees."""
    sandbox.faults.add(Fault(truncate=True))

    answer = await standard.get("/me")

    assert int(answer.headers["content-length"]) == len(answer.content)
    with pytest.raises(ValueError, match=r"Unterminated|Expecting|EOF"):
        answer.json()


@pytest.mark.parametrize("size", [3, 13, 14, 100_000])
async def test_an_answer_can_have_any_size(
    size: int, standard: httpx.AsyncClient, sandbox: Sandbox
) -> None:
    """Exactly so many bytes of JSON come back."""
    sandbox.faults.add(Fault(size=size))

    answer = await standard.get("/me")

    answer.json()
    assert (answer.status_code, len(answer.content)) == (200, size)


async def test_a_hanging_answer_waits_until_it_is_given_up(
    standard: httpx.AsyncClient, sandbox: Sandbox
) -> None:
    """Nothing comes until the caller stops waiting; then the sandbox works on."""
    sandbox.faults.add(Fault(hang=True, times=1))

    with pytest.raises(TimeoutError):
        with anyio.fail_after(0.05):
            await standard.get("/me")

    assert sandbox.requests[-1].status == 0
    assert (await standard.get("/me")).status_code == 200


async def test_a_delayed_answer_is_the_real_one(
    standard: httpx.AsyncClient, sandbox: Sandbox
) -> None:
    """A slow answer comes late and whole."""
    sandbox.faults.add(Fault(delay=0.05))
    started = anyio.current_time()

    answer = await standard.get("/me")

    assert anyio.current_time() - started >= 0.05
    assert answer.json()["role"] == "USER"


async def test_a_dropped_connection_raises_the_chosen_error(
    standard: httpx.AsyncClient, sandbox: Sandbox
) -> None:
    """In process a broken connection can look like the HTTP client's own error."""
    sandbox.faults.add(Fault(drop=True, drop_error=httpx.ReadError, times=1))

    with pytest.raises(httpx.ReadError):
        await standard.get("/me")


@pytest.mark.parametrize("after", [True, False])
async def test_a_write_may_take_effect_though_its_answer_is_lost(
    after: bool,
    standard: httpx.AsyncClient,
    sandbox: Sandbox,
) -> None:
    """With `after` the same idempotency key finds the stored answer at the next try."""
    sandbox.faults.add(Fault(path="/v2/events", times=1, status=503, after=after))
    headers = {"Idempotency-Key": "9d4b1c86-1c27-4f4b-9c0e-3f6f2b2d6f10"}

    lost = await standard.post("/v2/events", json={"name": "a"}, headers=headers)
    used = sandbox.events_used
    again = await standard.post("/v2/events", json={"name": "a"}, headers=headers)

    assert (lost.status_code, used) == (503, int(after))
    assert (again.status_code, sandbox.events_used) == (200, 1)
    assert ("idempotent-replay" in again.headers) is after


@pytest.mark.parametrize("after", [True, False])
async def test_a_dropped_write_happens_only_when_asked(
    after: bool, standard: httpx.AsyncClient, sandbox: Sandbox
) -> None:
    """Before or after its effect: a broken connection does not tell which."""
    sandbox.faults.add(Fault(drop=True, drop_error=httpx.ReadError, after=after))

    with pytest.raises(httpx.ReadError):
        await standard.post("/v2/events", json={"name": "a"})

    assert sandbox.events_used == int(after)


async def test_faults_are_managed_over_http(app: Starlette, connect: Connect) -> None:
    """The doors below /sandbox add, show and clear faults without a key."""
    client = connect(app, "")
    fault = {"path": "/me", "status": 503, "body": "busy", "times": 5}
    added = (await client.post("/sandbox/faults", json=fault)).json()
    struck = await client.get("/me")
    cleared = (await client.delete("/sandbox/faults")).json()

    assert added["faults"][0]["status"] == 503
    assert (struck.status_code, struck.text) == (503, "busy")
    assert cleared == {"faults": []}
    assert (await client.get("/me")).status_code == 401


@pytest.mark.parametrize(
    "body", [b"{", b"[]", b'{"nonsense": 1}', b'{"status": "500"}', b'{"path": "("}']
)
async def test_a_fault_that_makes_no_sense_is_a_400(
    body: bytes, anonymous: httpx.AsyncClient, sandbox: Sandbox
) -> None:
    """Unknown fields, wrong types and broken expressions are refused."""
    assert (await anonymous.post("/sandbox/faults", content=body)).status_code == 400
    assert len(sandbox.faults) == 0


async def test_the_sandbox_says_what_it_is(anonymous: httpx.AsyncClient) -> None:
    """Whoever opens it reads that the data is invented and how to go on."""
    about = (await anonymous.get("/sandbox")).json()

    assert "invented" in about["about"]
    assert "na1.sandbox-standard" in about["keys"]
    assert (await anonymous.get("/sandbox/nothing")).status_code == 404
    assert (await anonymous.put("/sandbox/faults")).status_code == 405


async def test_requests_are_shown_without_foreign_keys(anonymous: httpx.AsyncClient) -> None:
    """A real key that was sent by mistake is not shown; the record can be cleared."""
    await anonymous.get("/me", headers={"Authorization": "Basic na1.somebodys-real-key"})
    shown = await anonymous.get("/sandbox/requests")
    cleared = (await anonymous.delete("/sandbox/requests")).json()

    assert shown.json()["requests"][0]["path"] == "/me"
    assert "somebodys-real-key" not in shown.text
    assert cleared == {"requests": []}
