"""Speaks MCP on top of the pipeline: one server object for both protocol eras and both doors.

Only results and MCP errors leave. Anything unexpected is logged by its place and told in general
words, because the SDK's older wire would otherwise send the exception's own text.
"""

import logging
from collections.abc import Callable
from typing import Any

import mcp.types as t
from mcp.server.context import CallNext, HandlerResult, ServerRequestContext
from mcp.server.lowlevel import NotificationOptions, Server
from mcp.server.models import InitializationOptions
from mcp.server.subscriptions import (
    InMemorySubscriptionBus,
    PromptsListChanged,
    ResourcesListChanged,
    ToolsListChanged,
)
from mcp.shared.exceptions import MCPError
from mcp_types.version import MODERN_PROTOCOL_VERSIONS
from pydantic import ValidationError

from fullstory_mcp import __version__
from fullstory_mcp.catalogue import JSON, served_tool
from fullstory_mcp.errors import FullstoryMCPError, OperatorError, UnknownTool, tell
from fullstory_mcp.pipeline import Call, Consent, Listed, Pipeline, Question, silent
from fullstory_mcp.principal import Key, Principal
from fullstory_mcp.server.instructions import INSTRUCTIONS, INVENTED
from fullstory_mcp.server.listening import Listening, Still
from fullstory_mcp.server.offers import Offers
from fullstory_mcp.shaping import Rendered

logger = logging.getLogger(__name__)

LIST_TTL_MS = 60_000
QUESTION = "confirm"

Context = ServerRequestContext[Any, Any]


class FullstoryServer(Server[Any]):
    """The MCP server over a pipeline.

    `principal` gives the caller of the request at hand, `still` what to ask later about whether they
    are still let in, None where there is one caller for good; `invented` says that the data is the
    sandbox's.
    """

    def __init__(
        self,
        pipeline: Pipeline,
        principal: Callable[[], Principal],
        *,
        still: Callable[[], Still] | None = None,
        invented: bool = False,
    ) -> None:
        self._pipeline = pipeline
        self._principal = principal
        self._bus = InMemorySubscriptionBus()
        self.listening = Listening(self._bus, principal, still)
        self._legacy: set[Any] = set()
        self._served: dict[tuple[str, bool], JSON] = {}
        pipeline.levels.listener = self._level_changed
        super().__init__(
            "fullstory-mcp",
            version=__version__,
            title="Fullstory",
            instructions=INSTRUCTIONS + INVENTED if invented else INSTRUCTIONS,
            **Offers(pipeline, principal).handlers(),
            # Headers mirror no argument of ours, so there is no schema to check them against.
            get_tool_input_schema=lambda _name: None,
            on_list_tools=self._list_tools,  # type: ignore[arg-type]  # a wire dict, see _list_tools
            on_call_tool=self._call_tool,  # type: ignore[arg-type]
            on_subscriptions_listen=self.listening,
        )
        self.middleware[:] = [_only_mcp_errors]

    def announcing(self) -> InitializationOptions:
        """Options for a door that can push `list_changed` to a handshake-era client."""
        changed = NotificationOptions(
            tools_changed=True, prompts_changed=True, resources_changed=True
        )
        return self.create_initialization_options(changed)

    def end_streams(self) -> None:
        """Ends every `subscriptions/listen`, which would otherwise keep a leaving server."""
        self.listening.close()

    async def _list_tools(self, ctx: Context, _: t.PaginatedRequestParams | None) -> HandlerResult:
        self._remember(ctx)
        tools = await self._pipeline.listed(self._principal())
        # Wire names, not models: the SDK checks every result against the protocol's schema anyway.
        return {
            "resultType": "complete",
            "tools": [self._wire(one) for one in tools],
            "ttlMs": LIST_TTL_MS,
            "cacheScope": "private",
        }

    async def _call_tool(self, ctx: Context, params: t.CallToolRequestParams) -> HandlerResult:
        self._remember(ctx)
        call = Call(
            principal=self._principal(),
            name=params.name,
            raw=params.arguments,
            consent=_consent(ctx, params),
            progress=_progress(ctx),
        )
        try:
            rendered = await self._pipeline.call(call)
        except UnknownTool as error:
            raise MCPError(code=t.INVALID_PARAMS, message=tell(error)) from None
        except FullstoryMCPError as error:
            _log_operators(error)
            # An error may repeat what the API said, and that what a stranger typed.
            rendered = Rendered(self._pipeline.cleaner.visible(tell(error)), is_error=True)
        return _result(rendered)

    def _wire(self, listed: Listed) -> JSON:
        """A tool in wire names, made once for each way in which it is shown."""
        shown = listed.tool.name, listed.confirmed
        if (served := self._served.get(shown)) is None:
            served = self._served[shown] = served_tool(listed.tool, confirmed=listed.confirmed)
        return served

    def _remember(self, ctx: Context) -> None:
        """Keeps the sessions that can be told of a changed list: lasting handshake-era ones."""
        if ctx.request is None and ctx.protocol_version not in MODERN_PROTOCOL_VERSIONS:
            self._legacy = {ctx.session}

    async def _level_changed(self, _: Key) -> None:
        for event in (ToolsListChanged(), PromptsListChanged(), ResourcesListChanged()):
            await self._bus.publish(event)
        for session in self._legacy:
            await session.send_tool_list_changed()
            await session.send_prompt_list_changed()
            await session.send_resource_list_changed()


def _consent(ctx: Context, params: t.CallToolRequestParams) -> Consent:
    """Whether this client can ask its user, and what the user answered; the SDK checks none of it."""
    if ctx.protocol_version not in MODERN_PROTOCOL_VERSIONS:
        return Consent()
    if not _can_ask(ctx.session.client_capabilities):
        return Consent()
    answer = (params.input_responses or {}).get(QUESTION)
    agreed = (
        isinstance(answer, t.ElicitResult)
        and answer.action == "accept"
        and (answer.content or {}).get(QUESTION) is True
    )
    return Consent(can_ask=True, state=params.request_state, accepted=agreed)


def _can_ask(capabilities: t.ClientCapabilities | None) -> bool:
    """Whether the client declared that it shows forms; a bare `elicitation: {}` means forms too."""
    if capabilities is None or capabilities.elicitation is None:
        return False
    return capabilities.elicitation.form is not None or capabilities.elicitation.url is None


def _progress(ctx: Context) -> Any:
    if ctx.meta is None or "progress_token" not in ctx.meta:
        return silent

    async def report(done: float, total: float | None, message: str) -> None:
        await ctx.session.report_progress(done, total, message)

    return report


def _result(rendered: Rendered | Question) -> JSON:
    if isinstance(rendered, Question):
        return _question(rendered)
    result: JSON = {
        "resultType": "complete",
        "content": [{"type": "text", "text": rendered.text}],
        "isError": rendered.is_error,
    }
    if rendered.data is not None:
        result["structuredContent"] = rendered.data
    return result


def _question(question: Question) -> JSON:
    asked = {
        "type": "object",
        "properties": {QUESTION: {"type": "boolean", "title": "Yes, do this", "default": False}},
        "required": [QUESTION],
    }
    return {
        "resultType": "input_required",
        "inputRequests": {
            QUESTION: {
                "method": "elicitation/create",
                "params": {"mode": "form", "message": question.message, "requestedSchema": asked},
            }
        },
        "requestState": question.state,
    }


def _log_operators(error: FullstoryMCPError) -> None:
    if isinstance(error, OperatorError):
        logger.error("%s", error)


async def _only_mcp_errors(ctx: Context, call_next: CallNext) -> HandlerResult:
    """Lets only MCP's own errors through; everything else is logged and told in general words."""
    try:
        return await call_next(ctx)
    except MCPError:
        raise
    except ValidationError:
        # Its text repeats what the client sent.
        raise MCPError(code=t.INVALID_PARAMS, message="Invalid request parameters") from None
    except Exception as error:
        if isinstance(error, OperatorError):
            _log_operators(error)
        else:
            logger.exception("A request failed unexpectedly")
        raise MCPError(code=t.INTERNAL_ERROR, message=tell(error)) from None
