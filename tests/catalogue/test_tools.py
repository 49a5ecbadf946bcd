"""A tool's parts agree with each other: effect, hints, retries, cursor, texts, rules, examples.

One rule a test, over every tool. Not about single schemas' form (test_served.py).
"""

import re
from collections.abc import Iterator

import jsonschema_rs
import pytest

from fullstory_mcp.arguments import Binder
from fullstory_mcp.catalogue import JSON, Tool, load_catalogue, served_tool

CATALOGUE = load_catalogue()
BINDER = Binder(CATALOGUE.provider)
TOOLS = list(CATALOGUE.tools.values())
ENDPOINTS = [tool for tool in TOOLS if tool.http]
VERBS = "|".join(sorted({name.partition("_")[0] for name in CATALOGUE.tools}))
TOOL_NAME = re.compile(rf"\b(?:{VERBS})_[a-z_]+\b")
RULE_PATHS = ("when", "fields", "field", "others", "start", "end")

each_tool = pytest.mark.parametrize("tool", TOOLS, ids=lambda tool: tool.name)
each_endpoint = pytest.mark.parametrize("tool", ENDPOINTS, ids=lambda tool: tool.name)


def properties(tool: Tool) -> JSON:
    """The tool's arguments by name."""
    found: JSON = tool.input.schema["properties"]
    return found


@each_tool
def test_read_only_hint_says_what_the_gate_says(tool: Tool) -> None:
    """A client may trust readOnlyHint exactly as far as our own read-only mode."""
    expected = tool.gate.effect == "read"

    assert tool.annotations["readOnlyHint"] is expected, f"set readOnlyHint to {expected}"


@each_tool
def test_reads_neither_destroy_nor_add_up(tool: Tool) -> None:
    """What changes nothing may be called twice and removes nothing."""
    if tool.gate.effect == "read":
        assert tool.annotations["idempotentHint"], "set idempotentHint"
        assert not tool.annotations["destructiveHint"], "clear destructiveHint"


@each_tool
def test_confirmation_is_taken_by_what_changes_and_served_where_it_is_asked_for(tool: Tool) -> None:
    """What deletes is marked destructive and always shows its confirmation; a write where a policy asks."""
    changes, deletes = tool.gate.effect != "read", tool.gate.effect == "delete"
    served, asked = (
        served_tool(tool, confirmed=confirmed)["inputSchema"]["properties"]
        for confirmed in (False, True)
    )

    assert {"confirmation", "dry_run"} <= set(properties(tool)) or not changes
    assert ("confirmation" in served, "confirmation" in asked) == (deletes, changes)
    assert ("dry_run" in served) is changes
    assert tool.annotations["destructiveHint"] or not deletes, "set destructiveHint"


@each_tool
def test_audit_phrase_names_ids_that_the_tool_takes(tool: Tool) -> None:
    """What the audit says of a call stands in the past tense and names nothing but declared arguments."""
    named = set(re.findall(r"\{(\w+)\}", tool.gate.did))

    assert named <= set(properties(tool)), f"gate.did names no such argument: {named}"
    assert not tool.gate.did.endswith("."), "gate.did is a part of a sentence"


@each_tool
def test_limits_look_at_arguments_that_exist(tool: Tool) -> None:
    """A policy's limit on a tool is about arguments that the tool takes."""
    for limit, names in tool.gate.limits.items():
        assert set(names) <= set(properties(tool)), f"gate.limits.{limit} names no such argument"


@each_tool
def test_confirmation_text_names_arguments_that_exist(tool: Tool) -> None:
    """What would happen is said with the values of this call."""
    named = set(re.findall(r"\{(\w+)\}", tool.gate.confirm or ""))

    assert named <= set(properties(tool)), f"gate.confirm names no such argument: {named}"
    assert named or not tool.gate.confirm, "gate.confirm must name what it is about, as {id}"


@each_endpoint
def test_delete_method_and_deleting_effect_go_together(tool: Tool) -> None:
    """No DELETE goes out without the confirmation of a deleting tool."""
    method = tool.endpoint.method

    assert (method == "DELETE") is (tool.gate.effect == "delete"), (
        f"{method} and {tool.gate.effect} disagree"
    )


@each_tool
def test_lists_and_rows_take_a_cursor_and_nothing_else_does(tool: Tool) -> None:
    """Whatever may be longer than one answer can be read on, and only that offers to."""
    expected = tool.shape.kind in {"list", "rows", "reading"}

    assert tool.pages is expected, "add cursor to a list, rows or reading; remove it from any other"


@each_endpoint
def test_page_parameter_and_next_token_go_together(tool: Tool) -> None:
    """A token that is read can be sent, and the other way round."""
    assert bool(tool.endpoint.page) is bool(tool.shape.next), (
        "give http.page and shape.next, or neither"
    )


@each_endpoint
def test_retry_policy_fits_the_effect(tool: Tool) -> None:
    """A read is retried as a read, a change as a change."""
    allowed = {"read", "metered"} if tool.gate.effect == "read" else {"create", "write"}

    assert tool.endpoint.retry in allowed, f"http.retry must be one of {sorted(allowed)}"


@each_endpoint
def test_metered_reads_are_retried_sparingly_and_say_their_price(tool: Tool) -> None:
    """What costs an Activation says so and uses the metered policy; nothing else does."""
    metered = tool.gate.meter == "activations"

    assert (tool.endpoint.retry == "metered") is metered, (
        "use http.retry metered for Activations only"
    )
    assert ("Costs 1 Activation" in tool.description) is metered, "say: Costs 1 Activation a call"


@each_tool
def test_event_quota_is_named_where_it_is_spent(tool: Tool) -> None:
    """A tool that spends the server event quota points to get_quotas."""
    if tool.gate.meter == "server_events":
        assert "get_quotas" in tool.description, (
            "say that it counts against the quota, and name get_quotas"
        )


@each_endpoint
def test_idempotency_key_and_create_policy_go_together(tool: Tool) -> None:
    """Exactly the creates that are repeated under a key let the caller give one."""
    argument = CATALOGUE.provider.idempotency["argument"]
    creates = tool.endpoint.retry == "create"

    assert (argument in properties(tool)) is creates, (
        f"add {argument} with http.retry create, or neither"
    )


@each_endpoint
def test_path_arguments_are_required(tool: Tool) -> None:
    """No path is left with a hole: its arguments are required, or another path stands in."""
    required = set(tool.input.schema["required"]) | set(tool.endpoint.path_without)

    assert set(tool.endpoint.path_names) <= required, "add the path's arguments to input.required"


@each_endpoint
def test_path_arguments_have_a_format_of_their_own(tool: Tool) -> None:
    """An identifier in a path is one of the kinds that are checked for tricks."""
    kinds = {properties(tool)[name].get("format") for name in tool.endpoint.path_names}

    assert kinds <= {"path-id", "session-id", "webhook-id"}, (
        "use the shape id, session_id or webhook_id"
    )


@each_tool
def test_tools_named_in_texts_exist(tool: Tool) -> None:
    """A model sent to another tool finds it."""
    texts = [tool.description, tool.shape.done, tool.gate.confirm or ""]
    texts += [argument["description"] for argument in properties(tool).values()]
    texts += tool.http.says.values() if tool.http else ()
    named = {name for text in texts for name in TOOL_NAME.findall(text)}

    assert named <= set(CATALOGUE.tools), f"no such tool: {', '.join(named - set(CATALOGUE.tools))}"


@each_tool
def test_description_is_short_enough_to_choose_by(tool: Tool) -> None:
    """A description is read for every choice, so it stays within 700 characters."""
    assert len(tool.description) <= 700, "shorten the description"


@each_tool
def test_rules_name_fields_that_exist(tool: Tool) -> None:
    """A rule whose field is misspelt would never fire."""
    for rule in tool.input.rules:
        root = tool.input.schema
        row = at(root, rule["each"])["items"] if "each" in rule else root
        unknown = [path for path in rule_paths(rule) if not at(row, path)]

        assert unknown == [], f"{rule['rule']}: not in the schema: {', '.join(unknown)}"
        assert "with" not in rule or at(root, rule["with"]), f"no {rule['with']} to read rows with"


@each_tool
def test_rule_over_shared_parts_has_both_sides(tool: Tool) -> None:
    """not_shared compares the arguments requests and shared, which must then exist."""
    if any(rule["rule"] == "not_shared" for rule in tool.input.rules):
        assert {"requests", "shared"} <= set(properties(tool)), (
            "not_shared needs requests and shared"
        )


@each_tool
def test_examples_pass_the_schema(tool: Tool) -> None:
    """What a file shows as a working call is one."""
    validator = jsonschema_rs.validator_for(
        tool.input.schema, validate_formats=True, ignore_unknown_formats=True
    )
    faults = [
        fault.message
        for example in tool.examples
        for fault in validator.iter_errors(example["arguments"])
    ]

    assert faults == [], "mend the example, or the schema"


@each_endpoint
def test_examples_show_the_request_they_become(tool: Tool) -> None:
    """An example names its path, and holds exactly the body that its arguments make."""
    names = tool.endpoint.body
    for example in tool.examples:
        given = BINDER.bind(tool, example["arguments"])
        body = None if names is None else {name: given[name] for name in names if name in given}

        assert example.get("body") == body, "write the example's body as its arguments make it"
        assert "path" in example, "write the example's path"


def rule_paths(rule: JSON) -> Iterator[str]:
    """Every dotted path that a rule names, from its row."""
    for key in RULE_PATHS:
        value = rule.get(key, ())
        yield from [value] if isinstance(value, str) else value


def at(schema: JSON, path: str) -> JSON:
    """The schema of a dotted field below `schema`; empty where there is none."""
    for step in path.split("."):
        schema = schema.get("properties", {}).get(step, {})
    return schema
