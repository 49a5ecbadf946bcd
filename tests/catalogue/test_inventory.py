"""The tools that must exist and the level each needs: none is lost, none slips to another level."""

import pytest

from fullstory_mcp.catalogue import load_catalogue
from fullstory_mcp.principal import LEVELS

TOOLS = load_catalogue().tools

EXPECTED = {
    "sessions": {
        "list_sessions": "standard",
        "get_session_events": "standard",
        "generate_context": "standard",
        "generate_summary": "standard",
        "generate_summary_with_overrides": "standard",
        "read_session": "standard",
        "review_user": "standard",
        "compare_sessions": "standard",
        "find_friction": "standard",
        "summarize_sessions": "standard",
    },
    "summary_profiles": {
        "create_summary_profile": "standard",
        "get_summary_profile": "standard",
        "list_summary_profiles": "standard",
        "update_summary_profile": "standard",
        "delete_summary_profile": "standard",
    },
    "users": {
        "create_user": "standard",
        "get_user": "architect",
        "list_users": "architect",
        "update_user": "standard",
        "delete_user": "architect",
        "create_user_import": "standard",
        "get_user_import": "standard",
        "list_user_import_items": "architect",
        "list_user_import_errors": "architect",
        "create_user_stream": "standard",
        "get_user_stream": "architect",
    },
    "events": {
        "create_event": "standard",
        "create_event_import": "standard",
        "get_event_import": "standard",
        "list_event_import_items": "architect",
        "list_event_import_errors": "architect",
    },
    "segments": {
        "list_segments": "architect",
        "get_segment": "architect",
        "create_segment_export": "architect",
    },
    "exports": {
        "get_search_export": "architect",
        "list_event_exports": "architect",
        "get_event_export": "architect",
        "list_operations": "standard",
        "get_operation": "standard",
        "cancel_operation": "standard",
    },
    "webhooks": {
        "list_webhook_endpoints": "admin",
        "get_webhook_endpoint": "admin",
        "create_webhook_endpoint": "admin",
        "update_webhook_endpoint": "admin",
        "delete_webhook_endpoint": "admin",
        "list_webhook_event_types": "admin",
        "list_webhook_event_subcategories": "admin",
        "get_webhook_event_sample": "admin",
    },
    "organization": {
        "get_quotas": "standard",
        "get_me": "standard",
        "explain_access": "standard",
        "get_usage": "standard",
    },
    "annotations": {"create_annotation": "standard"},
}
DELETING = {"delete_user", "delete_summary_profile", "delete_webhook_endpoint"}
METERED = {
    "get_session_events",
    "generate_context",
    "generate_summary",
    "generate_summary_with_overrides",
    "read_session",
    "review_user",
    "compare_sessions",
    "find_friction",
    "summarize_sessions",
}


@pytest.mark.parametrize("area", EXPECTED)
def test_area_holds_its_tools_at_their_levels(area: str) -> None:
    """Each area holds exactly the tools of this table, each at the level it names."""
    found = {tool.name: tool.gate.level for tool in TOOLS.values() if tool.area == area}

    assert found == EXPECTED[area], "mend the tool files, or change this table on purpose"


def test_no_area_is_missing_from_the_table() -> None:
    """The table names every area that holds a tool."""
    assert {tool.area for tool in TOOLS.values()} == set(EXPECTED), "add the new area to this table"


def test_three_tools_delete() -> None:
    """Deletions are these three and no more: each is asked twice."""
    found = {tool.name for tool in TOOLS.values() if tool.gate.effect == "delete"}

    assert found == DELETING, "a new deletion needs its place in this table and in the README"


def test_reads_of_sessions_cost_activations() -> None:
    """The vendor charges four reads; a model is told of them, and of ours that use them, before it calls."""
    found = {tool.name for tool in TOOLS.values() if tool.gate.meter == "activations"}

    assert found == METERED, "set gate.meter to activations on exactly these"


def test_levels_are_ordered_least_first() -> None:
    """Each level contains the ones before it, so their order is part of the meaning."""
    assert LEVELS == ("standard", "architect", "admin")
