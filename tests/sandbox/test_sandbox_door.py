"""The door of the sandbox: keys, levels, paths, limits and records, for every endpoint."""

import json
from collections.abc import Callable

import httpx2 as httpx
import pytest
from starlette.applications import Starlette

from fullstory_mcp.sandbox import KEYS, ROUTES, RateLimits, Route, Sandbox, create_app

pytestmark = pytest.mark.anyio

Connect = Callable[[Starlette, str], httpx.AsyncClient]
RANK = {"standard": 0, "architect": 1, "admin": 2}

ENDPOINTS = """
standard GET /v2/sessions
standard GET /v2/sessions/{session_id}/events
standard POST /v2/sessions/{session_id}/context
standard GET /v2/sessions/{session_id}/summary
standard POST /v2/sessions/{session_id}/summary
standard POST /v2/visit_profile
standard GET /v2/visit_profile/{id}
standard GET /v2/visit_profile
standard POST /v2/visit_profile/{id}
standard DELETE /v2/visit_profile/{id}
standard POST /v2/users
architect GET /v2/users/{id}
architect GET /v2/users
standard POST /v2/users/{id}
architect DELETE /v2/users/{id}
architect DELETE /v2/users
standard POST /v2/users/batch
standard GET /v2/users/batch/{job_id}
standard POST /v2/users/stream
standard POST /v2/events
standard POST /v2/events/batch
standard GET /v2/events/batch/{job_id}
architect GET /segments/v1
architect GET /segments/v1/{id}
architect POST /segments/v1/exports
architect GET /search/v1/exports/{id}/results
architect GET /api/v1/export/list
architect GET /api/v1/export/get
admin GET /webhooks/v1/endpoints
admin POST /webhooks/v1/endpoints
admin POST /webhooks/v1/endpoints/{id}
admin DELETE /webhooks/v1/endpoints/{id}
admin GET /webhooks/v1/endpoints/{id}
admin GET /webhooks/v1/event-types
standard GET /v2/organization/quotas
standard POST /v2/annotations
standard GET /me
architect GET /v2/users/stream/{request_id}
architect GET /v2/users/batch/{job_id}/imports
architect GET /v2/users/batch/{job_id}/errors
architect GET /v2/events/batch/{job_id}/imports
architect GET /v2/events/batch/{job_id}/errors
standard GET /operations/v1
standard GET /operations/v1/{id}
standard POST /operations/v1/{id}/cancel
admin GET /webhooks/v1/event-types/{event_name}/subcategories
admin GET /webhooks/v1/event-types/{event_name}/sample
standard GET /users/v1/individual/{uid}
"""


def test_the_table_holds_each_endpoint_at_its_level() -> None:
    """Every endpoint of the reference is there once, with the level the reference gives."""
    assert sorted(ENDPOINTS.split("\n")[1:-1]) == sorted(
        f"{route.level} {route.method} {route.path}" for route in ROUTES
    )


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: f"{route.method} {route.path}")
async def test_a_key_is_refused_exactly_below_its_level(
    route: Route, app: Starlette, connect: Connect
) -> None:
    """Each key gets 403 below the level of an endpoint and something else at or above it."""
    path = route.path.replace("{", "x").replace("}", "")

    for key in KEYS:
        answer = await connect(app, key).request(route.method, path)
        below = RANK[key.rpartition("-")[2]] < RANK[route.level]

        assert below == (answer.status_code == 403)


@pytest.mark.parametrize("header", ["", "Basic", "Basic na1.wrong", "Bearer na1.sandbox-admin"])
async def test_a_missing_or_unknown_key_is_told_unauthorized(
    header: str, anonymous: httpx.AsyncClient
) -> None:
    """Without a good key the documented 401 comes back."""
    answer = await anonymous.get("/me", headers={"Authorization": header} if header else {})

    assert answer.status_code == 401
    assert answer.json() == {"message": "access is unauthorized", "code": "unauthorized"}


async def test_forbidden_has_the_documented_body(standard: httpx.AsyncClient) -> None:
    """A key below the level reads which kind of refusal it met."""
    answer = await standard.get("/v2/users")

    assert answer.json() == {"message": "insufficient permissions", "code": "forbidden"}


@pytest.mark.parametrize(("key", "role"), KEYS.items())
async def test_me_tells_the_role_of_the_key(
    key: str, role: str, app: Starlette, connect: Connect
) -> None:
    """The level of a key can be detected."""
    answer = (await connect(app, key).get("/me")).json()

    assert answer["role"] == role
    assert answer.keys() == {"email", "orgId", "role"}


async def test_an_unknown_path_is_a_json_404(admin: httpx.AsyncClient) -> None:
    """A path that does not exist is told in the documented words."""
    answer = await admin.get("/v2/nothing")

    assert answer.status_code == 404
    assert answer.json()["code"] == "resource_not_found"


async def test_another_method_of_a_path_is_a_405(admin: httpx.AsyncClient) -> None:
    """Reading events where only creating exists answers 405 and names what is allowed."""
    answer = await admin.get("/v2/events")

    assert answer.status_code == 405
    assert answer.headers["allow"] == "POST"


@pytest.mark.parametrize(
    "body", [b"{", b"[]", b'{"properties": {"a": NaN}}', b'"text"', b'{"no_such_field": 1}']
)
async def test_a_body_that_does_not_fit_is_a_400(body: bytes, admin: httpx.AsyncClient) -> None:
    """Malformed JSON, another type than an object and unknown fields are refused."""
    answer = await admin.post("/v2/users", content=body)

    assert answer.status_code == 400
    assert answer.json()["code"] == "invalid_argument"


async def test_an_unknown_query_parameter_is_a_400(admin: httpx.AsyncClient) -> None:
    """A misspelt parameter is noticed instead of being ignored."""
    answer = await admin.get("/v2/sessions", params={"uid": "cust-1042", "page": "2"})

    assert answer.json() == {"message": "unknown field: page", "code": "invalid_argument"}


async def test_every_answer_says_that_the_data_is_invented(admin: httpx.AsyncClient) -> None:
    """Good answers, refusals and the sandbox's own doors carry the mark."""
    for path in ("/me", "/nothing", "/sandbox", "/sandbox-storage/exports/x"):
        answer = await admin.get(path)

        assert answer.headers["x-fullstory-sandbox"] == "invented-data"


async def test_requests_are_recorded_as_they_came(
    admin: httpx.AsyncClient, sandbox: Sandbox
) -> None:
    """Path and query stay raw, headers are lower-case, the body is whole, the status told."""
    await admin.post("/v2/sessions/1%3A2/context?a=%20", json={"slice": {}})

    noted = sandbox.requests[-1]
    assert (noted.method, noted.path, noted.query) == (
        "POST",
        "/v2/sessions/1%3A2/context",
        "a=%20",
    )
    assert noted.headers["authorization"] == "Basic na1.sandbox-admin"
    assert json.loads(noted.body) == {"slice": {}}
    assert noted.status == 400


async def test_the_record_keeps_the_last_thousand_requests_and_cuts_bodies(
    app: Starlette, connect: Connect
) -> None:
    """Memory stays bounded however long the sandbox runs."""
    client = connect(app, "")
    await client.post("/v2/users", content=b"x" * 70_000)
    big = app.state.sandbox.requests[-1]
    for _ in range(1_001):
        await client.get("/me")

    assert (len(big.body), big.body_length) == (65_536, 70_000)
    assert len(app.state.sandbox.requests) == 1_000


async def test_a_key_that_asks_too_often_is_told_to_wait(
    clock: Callable[[], float], pass_time: Callable[[float], None], connect: Connect
) -> None:
    """Beyond the burst there is a 429 with whole seconds; time and other keys are not hit."""
    app = create_app(clock=clock, rate_limits=RateLimits(per_second=1, burst=2))
    client, other = connect(app, "na1.sandbox-standard"), connect(app, "na1.sandbox-admin")

    statuses = [(await client.get("/me")).status_code for _ in range(3)]
    refused = await client.get("/me")
    elsewhere = await other.get("/me")
    pass_time(1)
    later = await client.get("/me")

    assert statuses == [200, 200, 429]
    assert refused.headers["retry-after"] == "1"
    assert refused.json() == {
        "message": "Too many requests. Client has exceeded the rate limit for this endpoint.",
        "code": "too_many_requests",
    }
    assert (elsewhere.status_code, later.status_code) == (200, 200)


async def test_reading_sessions_is_metered(admin: httpx.AsyncClient, sandbox: Sandbox) -> None:
    """Calls two to five cost an Activation of the key; listing and failing cost nothing."""
    listed = await admin.get("/v2/sessions", params={"uid": "cust-1042"})
    path = "/v2/sessions/" + listed.json()["results"][0]["id"].replace(":", "%3A")

    await admin.get(f"{path}/events")
    await admin.post(f"{path}/context", json={})
    await admin.get(f"{path}/summary")
    await admin.post(f"{path}/summary", json={})
    await admin.get("/v2/sessions/1%3A2/events")

    assert sandbox.activations == {"na1.sandbox-admin": 4}


async def test_no_world_is_built_before_it_is_asked_for(
    admin: httpx.AsyncClient, sandbox: Sandbox
) -> None:
    """Making an app and asking who the key is leaves the world alone."""
    await admin.get("/me")

    assert "world" not in vars(sandbox)
