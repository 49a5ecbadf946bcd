"""The settings of the sandbox's account: profiles, webhooks, quotas, annotations."""

from typing import Any
from urllib.parse import quote

import httpx2 as httpx
import pytest

from fullstory_mcp.sandbox import Sandbox

pytestmark = pytest.mark.anyio


async def test_a_profile_is_sent_flat_and_answered_nested(standard: httpx.AsyncClient) -> None:
    """All but the model's part is nested under configuration in answers."""
    sent = {
        "name": "Triage",
        "slice": {"mode": "LAST"},
        "events": {"exclude_types": ["highlight"]},
        "llm": {"temperature": 0.3},
    }
    made = (await standard.post("/v2/visit_profile", json=sent)).json()
    got = (await standard.get(f"/v2/visit_profile/{made['id']}")).json()

    assert made.keys() == {"id"}
    assert got == {
        "id": made["id"],
        "name": "Triage",
        "configuration": {"slice": sent["slice"], "events": sent["events"]},
        "llm": {"temperature": 0.3},
    }


async def test_an_update_of_a_profile_keeps_the_rest(standard: httpx.AsyncClient) -> None:
    """Only the given fields change; then the profile can be deleted."""
    sent = {"name": "Triage", "llm": {"post_prompt": "Say it.", "temperature": 0.3}}
    path = "/v2/visit_profile/" + (await standard.post("/v2/visit_profile", json=sent)).json()["id"]
    await standard.post(path, json={"llm": {"temperature": 0.1}})
    changed = (await standard.get(path)).json()
    deleted = await standard.delete(path)

    assert changed["llm"] == {"post_prompt": "Say it.", "temperature": 0.1}
    assert changed["name"] == "Triage"
    assert (deleted.status_code, deleted.json()) == (200, {})
    for method in ("GET", "POST", "DELETE"):
        assert (await standard.request(method, path)).status_code == 404


async def test_profiles_come_in_pages(standard: httpx.AsyncClient) -> None:
    """The list is called profiles and its token is empty at the end."""
    first = (await standard.get("/v2/visit_profile", params={"limit": "1"})).json()
    query = {"limit": "1", "page_token": first["next_page_token"]}
    second = (await standard.get("/v2/visit_profile", params=query)).json()

    assert [p["name"] for p in first["profiles"]] == ["Checkout triage"]
    assert [p["name"] for p in second["profiles"]] == ["Plain synopsis"]
    assert second["next_page_token"] == ""


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "object"},
        {"$schema": "https://json-schema.org/draft/2020-12/schema"},
        {"type": "OBJECT", "properties": {"a": {"type": ["STRING"]}}},
        {"type": "OBJECT", "additionalProperties": False},
    ],
)
async def test_a_response_schema_is_not_json_schema(
    schema: dict[str, Any], standard: httpx.AsyncClient
) -> None:
    """Types are in capitals and no other keywords are known."""
    body = {"llm": {"response_schema": schema}}

    assert (await standard.post("/v2/visit_profile", json=body)).status_code == 400


HOOK = {"url": "https://hooks.example.com/a", "secret": "s", "eventTypes": []}


async def test_a_webhook_lives_under_the_base64_of_its_url(admin: httpx.AsyncClient) -> None:
    """A new endpoint is enabled, never tells its secret, and is found by its id."""
    sent = {**HOOK, "eventTypes": [{"eventName": "note.created"}]}
    made = (await admin.post("/webhooks/v1/endpoints", json=sent)).json()
    got = await admin.get(f"/webhooks/v1/endpoints/{quote(made['id'], safe='')}")

    assert made == got.json()
    assert made == {
        "id": "aHR0cHM6Ly9ob29rcy5leGFtcGxlLmNvbS9h",
        "created": "2026-11-20T12:00:00Z",
        "modified": "2026-11-20T12:00:00Z",
        "enabled": True,
        "url": "https://hooks.example.com/a",
        "eventTypes": [{"eventName": "note.created"}],
    }


async def test_an_id_with_slash_plus_and_equals_is_one_path_part(admin: httpx.AsyncClient) -> None:
    """An id is decoded after the path was split, so its encoded slash does not split it."""
    endpoints = (await admin.get("/webhooks/v1/endpoints")).json()["endpoints"]
    odd = endpoints[1]["id"]
    got = await admin.get(f"/webhooks/v1/endpoints/{quote(odd, safe='')}")
    split = await admin.get(f"/webhooks/v1/endpoints/{odd}")

    assert {"/", "+", "="} <= set(odd)
    assert got.json() == endpoints[1]
    assert split.status_code == 404


async def test_an_update_of_a_webhook_switches_it_on_and_moves_it(
    admin: httpx.AsyncClient,
) -> None:
    """Absent `disabled` re-enables, empty parts stay, and a new URL is a new id."""
    old = (await admin.get("/webhooks/v1/endpoints")).json()["endpoints"][1]
    path = "/webhooks/v1/endpoints/"
    off = await admin.post(path + quote(old["id"], safe=""), json={"disabled": True})
    sent = {"url": "https://hooks.example.com/new", "eventTypes": []}
    moved = (await admin.post(path + quote(old["id"], safe=""), json=sent)).json()

    assert (old["enabled"], off.json()["enabled"], moved["enabled"]) == (False, False, True)
    assert moved["eventTypes"] == old["eventTypes"]
    assert (await admin.get(path + quote(old["id"], safe=""))).status_code == 404
    assert (await admin.delete(path + quote(moved["id"], safe=""))).json() == {}
    assert (await admin.get(path + quote(moved["id"], safe=""))).status_code == 404


@pytest.mark.parametrize(
    "change",
    [
        {"url": "http://hooks.example.com/a"},
        {"url": None},
        {"secret": ""},
        {"eventTypes": []},
        {"eventTypes": [{"eventName": "moon.rises"}]},
        {"url": "https://hooks.example.com/fullstory"},
        {"colour": "red"},
    ],
)
async def test_a_webhook_that_cannot_work_is_a_400(
    change: dict[str, Any], admin: httpx.AsyncClient
) -> None:
    """HTTPS, a secret, known event types and a free URL are needed."""
    sent = {**HOOK, "eventTypes": [{"eventName": "note.created"}], **change}

    assert (await admin.post("/webhooks/v1/endpoints", json=sent)).status_code == 400


async def test_event_types_tell_subcategories_and_samples(admin: httpx.AsyncClient) -> None:
    """Each event type has a sample; only crashes have subcategories."""
    path = "/webhooks/v1/event-types"
    known = (await admin.get(path)).json()["eventDefs"]
    for definition in known:
        name = definition["eventName"]
        sample = (await admin.get(f"{path}/{name}/sample")).json()
        under = (await admin.get(f"{path}/{name}/subcategories")).json()["subcategoryDefs"]

        assert (sample["eventName"], sample["version"]) == (name, 1)
        assert bool(under) == definition["hasSubcategories"] == (name == "nativemobile.event.crash")
    assert len(known) == 5
    assert (await admin.get(f"{path}/moon.rises/sample")).status_code == 404


@pytest.mark.parametrize("spelling", ["pagination_token", "paginationToken"])
async def test_webhooks_come_in_pages_in_either_spelling(
    spelling: str, admin: httpx.AsyncClient
) -> None:
    """Contract and prose spell the token differently; both are read."""
    first = (await admin.get("/webhooks/v1/endpoints", params={"limit": "1"})).json()
    query = {"limit": "1", spelling: first["nextPaginationToken"]}
    second = (await admin.get("/webhooks/v1/endpoints", params=query)).json()

    assert first["endpoints"] != second["endpoints"]
    assert second["nextPaginationToken"] == ""


async def test_quotas_are_strings_of_this_month(standard: httpx.AsyncClient) -> None:
    """Figures are int64 strings, the period is the calendar month of the clock."""
    assert (await standard.get("/v2/organization/quotas")).json()["server_event_quota"] == {
        "usage": "20514",
        "limit": "1000000",
        "period_start": "2026-11-01T00:00:00Z",
        "period_end": "2026-12-01T00:00:00Z",
    }


async def test_an_annotation_defaults_to_now(standard: httpx.AsyncClient, sandbox: Sandbox) -> None:
    """The four fields come back, without an id."""
    answer = (await standard.post("/v2/annotations", json={"text": "Release"})).json()

    assert answer == {
        "text": "Release",
        "start_time": "2026-11-20T12:00:00Z",
        "end_time": "2026-11-20T12:00:00Z",
        "source": "",
    }
    assert sandbox.annotations == [answer]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"text": ""},
        {"text": "x" * 201},
        {"text": "a", "source": "x" * 41},
        {"text": "a", "start_time": "noon"},
        {
            "text": "a",
            "start_time": "2026-11-20T12:00:00Z",
            "end_time": "2026-11-20T12:00:00Z",
        },
    ],
)
async def test_an_annotation_beyond_the_limits_is_a_400(
    body: dict[str, Any], standard: httpx.AsyncClient
) -> None:
    """Text is needed and short, the source shorter, and the end is after the start."""
    answer = await standard.post("/v2/annotations", json=body)

    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_argument")
