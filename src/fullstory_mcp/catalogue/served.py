"""What a client is shown of a tool: leaner than what its calls are checked against.

Left out: patterns, formats and length limits (some clients refuse them; descriptions say what
matters), the inside of arguments marked `"serve": "brief"`, all but the type of those marked
`"serve": "bare"`, and our own keys. The root stays a plain object that allows nothing more; nothing
is referenced or composed.
"""

from typing import Any

from fullstory_mcp.catalogue.model import JSON, Tool

_UNSERVED = frozenset(
    {"serve", "translate", "writeOnly", "pattern", "format", "minLength", "maxLength", "propertyNames", "uniqueItems",
     "minItems", "maxItems", "minProperties", "maxProperties", "examples"}
)  # fmt: skip
_INSIDE = frozenset({"properties", "required", "additionalProperties", "items"})


def served_tool(tool: Tool, *, confirmed: bool = False) -> JSON:
    """The tool as `tools/list` gives it, in wire names.

    `confirmed` says that the caller's policy asks for a confirmation, as deleting tools always do.
    """
    schema = tool.input.schema
    unserved = set() if confirmed or tool.gate.effect == "delete" else {"confirmation"}
    served: JSON = {
        "type": "object",
        "properties": {
            name: _served(argument)
            for name, argument in schema["properties"].items()
            if name not in unserved
        },
    }
    if schema["required"]:
        served["required"] = schema["required"]
    served["additionalProperties"] = False
    return {
        "name": tool.name,
        "title": tool.title,
        "description": tool.description,
        "inputSchema": served,
        "annotations": dict(tool.annotations),
    }


def _served(node: Any) -> Any:
    if isinstance(node, list):
        return list(node)
    if not isinstance(node, dict):
        return node
    if node.get("serve") == "bare":
        return {"type": node["type"]}
    brief = node.get("serve") == "brief"
    served: JSON = {}
    for key, value in node.items():
        if key in _UNSERVED or (brief and key in _INSIDE):
            continue
        if key == "additionalProperties":
            continue
        served[key] = (
            {name: _served(part) for name, part in value.items()}
            if key == "properties"
            else _served(value)
        )
    if brief and node.get("type") == "array":
        served["items"] = {"type": node.get("items", {}).get("type", "object")}
    return served
