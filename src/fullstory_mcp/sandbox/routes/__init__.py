"""The routing table: every endpoint with its level, its fields and its handler.

Levels follow the seed's table; they are written out here and nowhere else.
"""

from fullstory_mcp.sandbox import shapes
from fullstory_mcp.sandbox.checks import Shape, flag_text, moment, one_of, text, whole
from fullstory_mcp.sandbox.routes import (
    events,
    imports,
    legacy,
    operations,
    organization,
    profiles,
    segments,
    sessions,
    users,
    webhooks,
)
from fullstory_mcp.sandbox.routing import Handler, Route

STANDARD, ARCHITECT, ADMIN = "standard", "architect", "admin"

_V1_TOKEN = {"paginationToken": text()}
_SESSION = "/v2/sessions/{session_id}"
_USER_FILTERS = {"uid": text(), "email": text(), "display_name": text(), "is_identified": flag_text}

_SESSIONS = (
    Route(
        "GET",
        "/v2/sessions",
        STANDARD,
        sessions.list_sessions,
        {"uid": text(), "email": text(), "session_uid": text(), **shapes.LIMIT_100},
    ),
    Route(
        "GET",
        f"{_SESSION}/events",
        STANDARD,
        sessions.get_events,
        {"enable_event_cache": flag_text},
        metered=True,
    ),
    Route(
        "POST",
        f"{_SESSION}/context",
        STANDARD,
        sessions.generate_context,
        body=shapes.CONTEXT_BODY,
        metered=True,
    ),
    Route(
        "GET",
        f"{_SESSION}/summary",
        STANDARD,
        sessions.summary,
        {"config_profile": text(), "end_timestamp": moment},
        metered=True,
    ),
    Route(
        "POST",
        f"{_SESSION}/summary",
        STANDARD,
        sessions.summary_with_overrides,
        body=shapes.SUMMARY_BODY,
        metered=True,
    ),
)

_USERS = (
    Route("POST", "/v2/users", STANDARD, users.create, body=shapes.USER, idempotent=True),
    Route("GET", "/v2/users/{id}", ARCHITECT, users.get, shapes.SCHEMA_WANTED),
    Route(
        "GET",
        "/v2/users",
        ARCHITECT,
        users.list_users,
        {**_USER_FILTERS, **shapes.PAGE_TOKEN, **shapes.SCHEMA_WANTED},
    ),
    Route("POST", "/v2/users/{id}", STANDARD, users.update, body=shapes.USER),
    Route("DELETE", "/v2/users/{id}", ARCHITECT, users.delete),
    Route("DELETE", "/v2/users", ARCHITECT, users.delete_by_uid, {"uid": text()}),
    Route("POST", "/v2/users/stream", STANDARD, users.stream, body=shapes.USER, idempotent=True),
    Route("GET", "/v2/users/stream/{request_id}", ARCHITECT, users.stream_status),
    Route("GET", "/users/v1/individual/{uid}", STANDARD, users.get_v1),
)

_EVENTS = (
    Route("POST", "/v2/events", STANDARD, events.create, body=shapes.EVENT, idempotent=True),
)


def _batches(kind: str, start: Handler, body: Shape, imports_query: Shape) -> tuple[Route, ...]:
    """Make the four routes of batch imports; both kinds have the same."""
    root, job = f"/v2/{kind}/batch", f"/v2/{kind}/batch/{{job_id}}"
    return (
        Route("POST", root, STANDARD, start, body=body, idempotent=True),
        Route("GET", job, STANDARD, imports.status(kind)),
        Route("GET", f"{job}/imports", ARCHITECT, imports.imports(kind), imports_query),
        Route("GET", f"{job}/errors", ARCHITECT, imports.errors(kind), shapes.PAGE_TOKEN),
    )


_IMPORTS = (
    *_batches(
        "users",
        imports.import_users,
        shapes.BATCH_USERS,
        {**shapes.PAGE_TOKEN, **shapes.SCHEMA_WANTED},
    ),
    *_batches("events", imports.import_events, shapes.BATCH_EVENTS, shapes.PAGE_TOKEN),
)

_PROFILE = "/v2/visit_profile/{id}"
_PROFILES = (
    Route("POST", "/v2/visit_profile", STANDARD, profiles.create, body=shapes.PROFILE),
    Route("GET", _PROFILE, STANDARD, profiles.get),
    Route(
        "GET",
        "/v2/visit_profile",
        STANDARD,
        profiles.list_profiles,
        {**shapes.LIMIT_100, **shapes.PAGE_TOKEN},
    ),
    Route("POST", _PROFILE, STANDARD, profiles.update, body=shapes.PROFILE),
    Route("DELETE", _PROFILE, STANDARD, profiles.delete),
)

_SEGMENTS = (
    Route(
        "GET",
        "/segments/v1",
        ARCHITECT,
        segments.list_segments,
        {**shapes.LIMIT_100, **_V1_TOKEN, "creator": text()},
    ),
    Route("GET", "/segments/v1/{id}", ARCHITECT, segments.get),
    Route("POST", "/segments/v1/exports", ARCHITECT, segments.create_export, body=shapes.EXPORT),
    Route("GET", "/search/v1/exports/{id}/results", ARCHITECT, segments.export_results),
)

_LEGACY = (
    Route("GET", "/api/v1/export/list", ARCHITECT, legacy.list_exports, {"start": whole(0)}),
    Route("GET", "/api/v1/export/get", ARCHITECT, legacy.get_export, {"id": whole(0)}),
)

_OPERATIONS = (
    Route(
        "GET",
        "/operations/v1",
        STANDARD,
        operations.list_operations,
        {
            **shapes.LIMIT_100,
            **_V1_TOKEN,
            "state": one_of("PENDING", "COMPLETED", "FAILED"),
            "type": one_of(
                "DELETE_USER",
                "SEARCH_EXPORT",
                "DELETE_SESSION",
                "DELETE_SEGMENT_SESSIONS",
                "DELETE_SEGMENT_USERS",
            ),
        },
    ),
    Route("GET", "/operations/v1/{id}", STANDARD, operations.get),
    Route("POST", "/operations/v1/{id}/cancel", STANDARD, operations.cancel, body={}),
)

_ENDPOINTS, _ENDPOINT = "/webhooks/v1/endpoints", "/webhooks/v1/endpoints/{id}"
_EVENT_TYPE = "/webhooks/v1/event-types/{event_name}"
_WEBHOOK_TOKEN = {"pagination_token": text(), **_V1_TOKEN}
_WEBHOOKS = (
    Route(
        "GET",
        _ENDPOINTS,
        ADMIN,
        webhooks.list_endpoints,
        {**shapes.LIMIT_100, **_WEBHOOK_TOKEN},
    ),
    Route("POST", _ENDPOINTS, ADMIN, webhooks.create, body=shapes.WEBHOOK),
    Route("GET", _ENDPOINT, ADMIN, webhooks.get),
    Route("POST", _ENDPOINT, ADMIN, webhooks.update, body=shapes.WEBHOOK_UPDATE),
    Route("DELETE", _ENDPOINT, ADMIN, webhooks.delete),
    Route("GET", "/webhooks/v1/event-types", ADMIN, webhooks.list_event_types),
    Route(
        "GET",
        f"{_EVENT_TYPE}/subcategories",
        ADMIN,
        webhooks.subcategories,
        {"limit": whole(1, webhooks.MOST_SUBCATEGORIES), **_WEBHOOK_TOKEN},
    ),
    Route(
        "GET",
        f"{_EVENT_TYPE}/sample",
        ADMIN,
        webhooks.sample,
        {"subcategory": text(), "version": whole(1)},
    ),
)

_ORGANIZATION = (
    Route("GET", "/me", STANDARD, organization.me),
    Route("GET", "/v2/organization/quotas", STANDARD, organization.quotas),
    Route("POST", "/v2/annotations", STANDARD, organization.annotate, body=shapes.ANNOTATION),
)

ROUTES: tuple[Route, ...] = (
    *_SESSIONS,
    *_PROFILES,
    *_USERS,
    *_EVENTS,
    *_IMPORTS,
    *_SEGMENTS,
    *_LEGACY,
    *_WEBHOOKS,
    *_OPERATIONS,
    *_ORGANIZATION,
)
