"""Prompts, resources and completion in MCP's words. What they are is data of the catalogue.

A prompt is listed where every tool it needs is permitted, a resource template where its tool is;
reading one is a call of that tool, gate, audit and Activation included.
"""

from collections.abc import Callable, Mapping
from typing import Any

import mcp.types as t
from mcp.server.context import HandlerResult, ServerRequestContext
from mcp.shared.exceptions import MCPError

from fullstory_mcp.catalogue import JSON, Catalogue, Completion, Prompt, ResourceTemplate
from fullstory_mcp.errors import CallerError, NotFound, UpstreamError, tell
from fullstory_mcp.pipeline import Call, Pipeline, Question
from fullstory_mcp.principal import Principal
from fullstory_mcp.shaping import Cleaner

TTL_MS = 60_000
"""How long a client may keep a list or a reading: a session can still be going on."""

MOST_VALUES = 100
"""Completions in one answer, by the protocol's limit."""

_MOST_CHARACTERS = 4_000

Context = ServerRequestContext[Any, Any]


class Offers:
    """The handlers; `principal` gives the caller of the request at hand."""

    def __init__(self, pipeline: Pipeline, principal: Callable[[], Principal]) -> None:
        self._pipeline = pipeline
        self._principal = principal
        # Contacts stay: the caller names a person to look up, and did so in this very request.
        self._cleaner = Cleaner()

    def handlers(self) -> dict[str, Any]:
        """Every handler by the name the SDK's server takes it under."""
        return {
            "on_list_prompts": self._list_prompts,
            "on_get_prompt": self._get_prompt,
            "on_list_resources": self._list_resources,
            "on_list_resource_templates": self._list_templates,
            "on_read_resource": self._read,
            "on_completion": self._complete,
        }

    @property
    def _catalogue(self) -> Catalogue:
        return self._pipeline.catalogue

    async def _permitted(self) -> set[str]:
        return {one.tool.name for one in await self._pipeline.listed(self._principal())}

    async def _list_prompts(
        self, _: Context, _params: t.PaginatedRequestParams | None
    ) -> HandlerResult:
        names = await self._permitted()
        prompts = [_prompt(one) for one in self._catalogue.prompts if names.issuperset(one.tools)]
        return _kept("prompts", prompts)

    async def _get_prompt(self, _: Context, params: t.GetPromptRequestParams) -> HandlerResult:
        prompt = _named(self._catalogue.prompts, params.name, "prompt")
        if missing := [name for name in prompt.tools if name not in await self._permitted()]:
            why = await self._pipeline.refusal(Call(self._principal(), missing[0]))
            raise _refused(f"The prompt cannot be used here. {why}")
        given = _given(prompt, params.arguments or {})
        values = {
            name: self._cleaner.quote(value, _MOST_CHARACTERS) for name, value in given.items()
        }
        message = {"role": "user", "content": {"type": "text", "text": prompt.written(values)}}
        return {"description": prompt.description, "messages": [message], "resultType": "complete"}

    async def _list_resources(
        self, _: Context, _params: t.PaginatedRequestParams | None
    ) -> HandlerResult:
        """None by themselves: sessions are found by list_sessions."""
        return _kept("resources", [])

    async def _list_templates(
        self, _: Context, _params: t.PaginatedRequestParams | None
    ) -> HandlerResult:
        names = await self._permitted()
        templates = [_template(one) for one in self._catalogue.resources if one.tool in names]
        return _kept("resourceTemplates", templates)

    async def _read(self, _: Context, params: t.ReadResourceRequestParams) -> HandlerResult:
        for template in self._catalogue.resources:
            if (arguments := template.call(params.uri)) is not None:
                return _kept("contents", [await self._contents(template, params.uri, arguments)])
        raise _refused("There is no such resource; resources/templates/list names every kind.")

    async def _contents(self, template: ResourceTemplate, uri: str, arguments: JSON) -> JSON:
        try:
            rendered = await self._pipeline.call(Call(self._principal(), template.tool, arguments))
        except (CallerError, UpstreamError) as error:
            callers = isinstance(error, CallerError | NotFound)
            code = t.INVALID_PARAMS if callers else t.INTERNAL_ERROR
            told = self._pipeline.cleaner.visible(tell(error))
            raise MCPError(code=code, message=told) from None
        if isinstance(rendered, Question):  # a reading tool asks nothing
            raise _refused(rendered.message)
        mime = template.mime if rendered.data is None else "application/json"
        return {"uri": uri, "mimeType": mime, "text": rendered.text}

    async def _complete(self, _: Context, params: t.CompleteRequestParams) -> HandlerResult:
        complete = self._completion(params)
        typed = params.argument.value
        values, more = await self._values(complete, typed) if complete else ([], False)
        completion = {"values": values[:MOST_VALUES], "hasMore": more or len(values) > MOST_VALUES}
        return {"completion": completion, "resultType": "complete"}

    def _completion(self, params: t.CompleteRequestParams) -> Completion | None:
        if isinstance(params.ref, t.ResourceTemplateReference):
            if params.ref.uri not in {template.uri for template in self._catalogue.resources}:
                raise _refused("There is no such resource template.")
            return None
        prompt = _named(self._catalogue.prompts, params.ref.name, "prompt")
        named = (one for one in prompt.arguments if one.name == params.argument.name)
        return next((one.complete for one in named), None)

    async def _values(self, complete: Completion, typed: str) -> tuple[list[str], bool]:
        """Values that go with what was typed, and whether the API has more; none where it refuses."""
        try:
            rendered = await self._pipeline.call(Call(self._principal(), complete.tool, {}))
        except (CallerError, UpstreamError):
            return [], False
        data = {} if isinstance(rendered, Question) else rendered.data or {}
        rows = [row for row in data.get(complete.items, []) if isinstance(row, dict)]
        found = [str(row.get(complete.value, "")) for row in rows if _matches(row, complete, typed)]
        return [value for value in found if value], "cursor" in data


def _matches(row: JSON, complete: Completion, typed: str) -> bool:
    return any(typed.lower() in str(row.get(name, "")).lower() for name in complete.match)


def _named(prompts: tuple[Prompt, ...], name: str, what: str) -> Prompt:
    if (found := next((one for one in prompts if one.name == name), None)) is None:
        raise _refused(f"There is no {what} of that name; {what}s/list names every {what}.")
    return found


def _given(prompt: Prompt, arguments: Mapping[str, str]) -> dict[str, str]:
    """The arguments that are given, blank ones apart.

    Raises:
        MCPError: one that is required is missing, or one is not known.
    """
    known = [argument.name for argument in prompt.arguments]
    given = {name: value for name, value in arguments.items() if value.strip()}
    missing = [one.name for one in prompt.arguments if one.required and one.name not in given]
    if set(given) - set(known):
        raise _refused(f"{prompt.name} takes only {', '.join(known)}.")
    if missing:
        raise _refused(f"{prompt.name} needs {', '.join(missing)}.")
    if prompt.one_of and not given.keys() & set(prompt.one_of):
        raise _refused(f"{prompt.name} needs {' or '.join(prompt.one_of)}.")
    return given


def _refused(why: str) -> MCPError:
    return MCPError(code=t.INVALID_PARAMS, message=why)


def _kept(name: str, rows: list[JSON]) -> JSON:
    """A result that a client may keep for itself a while."""
    return {name: rows, "resultType": "complete", "ttlMs": TTL_MS, "cacheScope": "private"}


def _prompt(prompt: Prompt) -> JSON:
    return {
        "name": prompt.name,
        "title": prompt.title,
        "description": prompt.description,
        "arguments": [
            {"name": one.name, "description": one.description, "required": one.required}
            for one in prompt.arguments
        ],
    }


def _template(template: ResourceTemplate) -> JSON:
    return {
        "uriTemplate": template.uri,
        "name": template.name,
        "title": template.title,
        "description": template.description,
        "mimeType": template.mime,
    }
