"""Summaries without a language model: a few sentences, or a value that follows a schema.

What is said is true of the story; how it is said depends on nothing but the story.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from fullstory_mcp.sandbox.render.context import context_data
from fullstory_mcp.sandbox.world.model import Person, Story

_TROUBLES: Mapping[str, str] = {
    "rage-click": "Rapid repeated clicks on {}",
    "dead-click": "Clicks without effect on {}",
    "error-click": "An error after clicking {}",
    "network-error": "Request failed: {}",
    "exception": "Script error: {}",
    "console-error": "Console error: {}",
}


@dataclass(frozen=True, slots=True)
class _Findings:
    """What a summary draws on."""

    pages: list[str]
    troubles: list[str]
    outcome: str

    @property
    def text(self) -> str:
        way = ", ".join(self.pages) or "nothing that was recorded"
        trouble = f" Trouble on the way: {'; '.join(self.troubles)}." if self.troubles else ""
        return f"The visitor saw {way}.{trouble} The visit was {self.outcome}."


_Maker = Callable[[Mapping[str, Any], str, _Findings], Any]


def summarise(story: Story, person: Person | None, options: Mapping[str, Any]) -> dict[str, Any]:
    """Summarise the part of a story that the options ask for.

    With `llm.response_schema` the answer is a value that follows it, beside the schema.
    """
    findings = _find(context_data(story, person, options)["pages"])
    schema = (options.get("llm") or {}).get("response_schema")
    if not schema:
        return {"summary": findings.text}
    return {"response": _value(schema, "response", findings), "response_schema": schema}


def _find(pages: list[dict[str, Any]]) -> _Findings:
    events = [event for page in pages for event in page["events"]]
    titles = list(dict.fromkeys(page["title"] for page in pages if page["title"]))
    counted = Counter(_trouble(event) for event in events if event["type"] in _TROUBLES)
    troubles = [f"{text} ({times} times)" if times > 1 else text for text, times in counted.items()]
    kinds = {event["type"] for event in events}
    return _Findings(titles, troubles, _outcome(kinds))


def _trouble(event: Mapping[str, Any]) -> str:
    return _TROUBLES[event["type"]].format(event.get("content") or event.get("description") or "it")


def _outcome(kinds: set[str]) -> str:
    if "Order Completed" in kinds:
        return "completed"
    return "errored" if kinds & {"network-error", "exception"} else "abandoned"


def _value(schema: Mapping[str, Any], name: str, findings: _Findings) -> Any:
    maker: _Maker = _MAKERS.get(schema.get("type", "STRING"), _string)
    return maker(schema, name.lower(), findings)


def _object(schema: Mapping[str, Any], _name: str, findings: _Findings) -> dict[str, Any]:
    parts = schema.get("properties") or {}
    return {name: _value(part, name, findings) for name, part in parts.items()}


def _array(schema: Mapping[str, Any], name: str, findings: _Findings) -> list[Any]:
    items = schema.get("items") or {"type": "STRING"}
    if items.get("type", "STRING") == "STRING" and not items.get("enum"):
        return findings.pages if "page" in name or "step" in name else findings.troubles
    return [_value(items, name, findings)]


def _string(schema: Mapping[str, Any], name: str, findings: _Findings) -> str:
    allowed = schema.get("enum")
    if allowed:
        return findings.outcome if findings.outcome in allowed else str(allowed[0])
    return findings.outcome if "outcome" in name else findings.text


def _boolean(_schema: Mapping[str, Any], name: str, findings: _Findings) -> bool:
    if any(word in name for word in ("complet", "success", "purchas")):
        return findings.outcome == "completed"
    return bool(findings.troubles)


def _integer(_schema: Mapping[str, Any], _name: str, findings: _Findings) -> int:
    return len(findings.troubles)


_MAKERS: Mapping[str, _Maker] = {
    "OBJECT": _object,
    "ARRAY": _array,
    "STRING": _string,
    "NUMBER": lambda *_: 0.86,
    "INTEGER": _integer,
    "BOOLEAN": _boolean,
}
