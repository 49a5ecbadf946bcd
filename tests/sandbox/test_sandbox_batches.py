"""Batches written to the sandbox, and repeats of the same write."""

from collections.abc import Callable
from typing import Any

import httpx2 as httpx
import pytest

from fullstory_mcp.sandbox import Sandbox

pytestmark = pytest.mark.anyio

PassTime = Callable[[float], None]


async def test_a_batch_of_users_can_partly_fail(
    admin: httpx.AsyncClient, pass_time: PassTime
) -> None:
    """FAILED may mean that most went well; the two lists tell which rows did."""
    rows = [{"uid": "b-1"}, {"uid": "b-2", "email": "x" * 129}, {"uid": "b-3"}]
    job = (await admin.post("/v2/users/batch", json={"requests": rows})).json()["job"]
    path = f"/v2/users/batch/{job['id']}"
    early = (await admin.get(path)).json()
    pass_time(3)
    late = (await admin.get(path)).json()
    imports = (await admin.get(f"{path}/imports")).json()
    errors = (await admin.get(f"{path}/errors")).json()

    assert job["status"] == early["job"]["status"] == "PROCESSING"
    assert (early["imports"], early["errors"]) == (0, 0)
    assert (late["imports"], late["errors"], late["job"]["status"]) == (2, 1, "FAILED")
    assert late["job"]["finished"] == "2026-11-20T12:00:03Z"
    assert [row["uid"] for row in imports["results"]] == ["b-1", "b-3"]
    assert (imports["total_records"], imports["next_page_token"]) == ("2", "")
    assert errors["results"] == [
        {"message": "email is longer than allowed", "code": "invalid_argument", "user": rows[1]}
    ]


async def test_shared_parts_apply_to_every_event_of_a_batch(
    admin: httpx.AsyncClient, pass_time: PassTime
) -> None:
    """A part set in both places fails its row; nameless rows fail too; times default."""
    rows = [
        {"name": "Shipped", "timestamp": "2026-11-19T08:00:00Z", "properties": {"order": "A-1"}},
        {"name": "Twice", "user": {"uid": "cust-1011"}},
        {"properties": {"order": "A-2"}},
        {"name": "Now"},
    ]
    shared = {"user": {"uid": "cust-1042"}, "context": {"location": {"country": "US"}}}
    sent = {"requests": rows, "shared": shared}
    job = (await admin.post("/v2/events/batch", json=sent)).json()["job"]
    pass_time(10)
    path = f"/v2/events/batch/{job['id']}"
    imports = (await admin.get(f"{path}/imports")).json()["results"]
    errors = (await admin.get(f"{path}/errors")).json()["results"]

    assert imports[0] == {
        "name": "Shipped",
        "timestamp": "2026-11-19T08:00:00Z",
        "user": imports[0]["user"],
        "session": {},
        "context": {"location": {"country": "US"}},
        "properties": {"order": "A-1"},
        "schema": {"properties": {"order": "str"}},
    }
    assert imports[1]["timestamp"] == "2026-11-20T12:00:00Z"
    assert [row["code"] for row in errors] == ["invalid_argument", "required_field"]
    assert errors[1]["message"] == "name is required"
    assert (errors[1]["event"], errors[1]["shared"]) == (rows[2], shared)


async def test_a_batch_without_errors_completes(
    admin: httpx.AsyncClient, pass_time: PassTime
) -> None:
    """A large batch is done in its time and its rows come in pages."""
    rows = [{"uid": f"many-{number}"} for number in range(120)]
    job = (await admin.post("/v2/users/batch", json={"requests": rows})).json()["job"]
    pass_time(3)
    path = f"/v2/users/batch/{job['id']}"
    first = (await admin.get(f"{path}/imports")).json()
    query = {"page_token": first["next_page_token"]}
    second = (await admin.get(f"{path}/imports", params=query)).json()

    assert (await admin.get(path)).json()["job"]["status"] == "COMPLETED"
    assert first["total_records"] == "120"
    assert first["results"][-1] != second["results"][0]


@pytest.mark.parametrize(
    "body", [{}, {"requests": []}, {"requests": "all"}, {"requests": [{}] * 50_001}]
)
@pytest.mark.parametrize("kind", ["users", "events"])
async def test_a_batch_has_one_to_fifty_thousand_rows(
    kind: str, body: dict[str, Any], standard: httpx.AsyncClient
) -> None:
    """Nothing, something else and too much are refused at once."""
    assert (await standard.post(f"/v2/{kind}/batch", json=body)).status_code == 400


async def test_two_hundred_running_batches_are_enough(standard: httpx.AsyncClient) -> None:
    """The account has a limit of batches in progress."""
    for _ in range(200):
        await standard.post("/v2/users/batch", json={"requests": [{}]})

    assert (await standard.post("/v2/users/batch", json={"requests": [{}]})).status_code == 429


@pytest.mark.parametrize(
    ("path", "body", "other"),
    [
        ("/v2/users", {"uid": "i-1"}, {"uid": "i-2"}),
        ("/v2/users/stream", {"uid": "i-1"}, {"uid": "i-2"}),
        ("/v2/users/batch", {"requests": [{"uid": "i-1"}]}, {"requests": [{"uid": "i-2"}]}),
        ("/v2/events", {"name": "a"}, {"name": "b"}),
        ("/v2/events/batch", {"requests": [{"name": "a"}]}, {"requests": [{"name": "b"}]}),
    ],
)
async def test_an_idempotency_key_makes_a_create_happen_once(
    path: str,
    body: dict[str, Any],
    other: dict[str, Any],
    standard: httpx.AsyncClient,
    pass_time: PassTime,
) -> None:
    """The same request is answered from store, another body conflicts, a day later it is new."""
    headers = {"Idempotency-Key": "3f0c7a52-7b1e-4a1b-9c58-0d8a2f6e51b7"}
    first = await standard.post(path, json=body, headers=headers)
    again = await standard.post(path, json=body, headers=headers)
    clash = await standard.post(path, json=other, headers=headers)
    pass_time(24 * 3600)
    later = await standard.post(path, json=other, headers=headers)

    assert "idempotent-replay" not in first.headers
    assert (again.content, again.headers["idempotent-replay"]) == (first.content, "true")
    assert (clash.status_code, clash.json()["code"]) == (409, "idempotency_conflict")
    assert (later.status_code, "idempotent-replay" in later.headers) == (200, False)


async def test_a_repeated_event_counts_once(standard: httpx.AsyncClient, sandbox: Sandbox) -> None:
    """A replay has no effect of its own."""
    headers = {"Idempotency-Key": "c0b7f0a0-2c1c-4f8f-b0d4-3d5b7b0a2f44"}
    for _ in range(3):
        await standard.post("/v2/events", json={"name": "a"}, headers=headers)

    assert sandbox.events_used == 1
