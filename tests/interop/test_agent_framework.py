"""An agent framework with a scripted model finds our tools and works with them over stdio."""

import sys

import pytest
from fastmcp.client.transports import StdioTransport
from pydantic_ai import Agent
from pydantic_ai.mcp import MCPToolset
from pydantic_ai.messages import ModelMessage, ModelResponse, TextPart, ToolCallPart
from pydantic_ai.models.function import AgentInfo, FunctionModel

from support import STRUGGLING_UID

pytestmark = pytest.mark.anyio


class Script:
    """A model that looks for a customer's sessions, reads the newest, and says what it read."""

    def __init__(self) -> None:
        self.offered: set[str] = set()

    def __call__(self, messages: list[ModelMessage], info: AgentInfo) -> ModelResponse:
        """The next step, by what the last one brought."""
        self.offered = {tool.name for tool in info.function_tools}
        brought = {
            part.tool_name: part.content
            for part in messages[-1].parts
            if part.part_kind == "tool-return"
        }
        if "generate_context" in brought:
            return ModelResponse([TextPart(str(brought["generate_context"]))])
        if "list_sessions" in brought:
            newest = brought["list_sessions"]["results"][0]["id"]
            return ModelResponse([ToolCallPart("generate_context", {"session_id": newest})])
        return ModelResponse([ToolCallPart("list_sessions", {"uid": STRUGGLING_UID})])


async def test_a_scripted_agent_reads_why_a_payment_failed() -> None:
    """It is offered the tools of its key's level, and gets data that it can walk through."""
    script = Script()
    command = ["-m", "fullstory_mcp", "stdio", "--sandbox"]
    env = {"FULLSTORY_API_KEY": "na1.sandbox-standard"}
    transport = StdioTransport(sys.executable, command, env=env, keep_alive=False)
    agent = Agent(FunctionModel(script), toolsets=[MCPToolset(transport)])
    async with agent:
        result = await agent.run("Why could this customer not pay?")

    assert {"list_sessions", "explain_access"} <= script.offered
    assert "delete_user" not in script.offered
    assert "/api/pay 502" in result.output
