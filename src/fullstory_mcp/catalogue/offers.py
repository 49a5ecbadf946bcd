"""What is offered beside tools, as data: prompts and resource templates, both built on tools.

prompts.json     a text of lines with {argument}; a line whose argument is not given is left out
resources.json   a URI with {variable}; reading it is a call of `tool` with those variables
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import unquote

_VARIABLE = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True, slots=True)
class Completion:
    """Where an argument's values come from: `value` of the `items` that `tool` lists.

    What was typed so far is looked for in the fields `match`.
    """

    tool: str
    items: str
    value: str
    match: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PromptArgument:
    """One argument of a prompt, always a text."""

    name: str
    description: str
    required: bool = False
    complete: Completion | None = None


@dataclass(frozen=True, slots=True)
class Prompt:
    """A prompt: `tools` are those it cannot do without, of `one_of` at least one argument is given."""

    name: str
    title: str
    description: str
    arguments: tuple[PromptArgument, ...]
    tools: tuple[str, ...]
    text: tuple[str, ...]
    one_of: tuple[str, ...] = ()

    def written(self, values: Mapping[str, str]) -> str:
        """The text with `values` in their places; lines that name another argument are left out."""
        lines = (line for line in self.text if values.keys() >= set(_VARIABLE.findall(line)))
        return "\n".join(_VARIABLE.sub(lambda found: values[found[1]], line) for line in lines)


@dataclass(frozen=True)
class ResourceTemplate:
    """Resources read by `tool`: `arguments` are its own by the URI's variables that give them."""

    uri: str
    name: str
    title: str
    description: str
    mime: str
    tool: str
    arguments: Mapping[str, str]

    def call(self, uri: str) -> dict[str, str] | None:
        """The arguments of the call that reads `uri`; None where it is not of this template."""
        if (found := self._pattern.fullmatch(uri)) is None:
            return None
        return {name: unquote(found[variable]) for name, variable in self.arguments.items()}

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        literal, *rest = re.split(_VARIABLE, self.uri)
        parts = zip(rest[::2], rest[1::2], strict=True)
        named = (f"(?P<{variable}>[^/?#]+){re.escape(text)}" for variable, text in parts)
        return re.compile(re.escape(literal) + "".join(named))


def read_prompt(raw: dict[str, Any]) -> Prompt:
    """One row of prompts.json.

    Raises:
        TypeError, KeyError: a key is missing, unknown or of the wrong kind.
    """
    arguments = tuple(_argument(dict(row)) for row in raw["arguments"])
    lists: dict[str, Any] = {
        name: tuple(raw[name]) for name in ("tools", "text", "one_of") if name in raw
    }
    return Prompt(**raw | lists | {"arguments": arguments})


def _argument(row: dict[str, Any]) -> PromptArgument:
    if "complete" in row:
        complete = row["complete"]
        row["complete"] = Completion(**{**complete, "match": tuple(complete["match"])})
    return PromptArgument(**row)


def read_resource(raw: dict[str, Any]) -> ResourceTemplate:
    """One row of resources.json.

    Raises:
        TypeError: a key is missing or unknown.
    """
    return ResourceTemplate(**raw)
