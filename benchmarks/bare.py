"""The measure: a bare low-level server of the same library, one tool passed through httpx2."""

import os
import sys
from typing import Any

import anyio
import httpx2
import mcp.types as t
from mcp.server.lowlevel import Server
from mcp.server.stdio import stdio_server

TOOL = t.Tool(
    name="get_quotas",
    description="Use and limit of the account's quotas.",
    input_schema={"type": "object", "properties": {}, "additionalProperties": False},
)


def build(client: httpx2.AsyncClient, api: str) -> Server[Any]:
    """One tool, nothing checked, the API's text handed on."""

    async def list_tools(_ctx: Any, _params: Any) -> t.ListToolsResult:
        return t.ListToolsResult(tools=[TOOL])

    async def call_tool(_ctx: Any, _params: t.CallToolRequestParams) -> t.CallToolResult:
        answer = await client.get(
            f"{api}/v2/organization/quotas", headers={"Authorization": "Basic na1.benchmark-key"}
        )
        answer.raise_for_status()
        return t.CallToolResult(content=[t.TextContent(type="text", text=answer.text)])

    return Server("bare", on_list_tools=list_tools, on_call_tool=call_tool)


async def main(door: str, port: int) -> None:
    """Serves one door until killed."""
    async with httpx2.AsyncClient() as client:
        server = build(client, os.environ["FULLSTORY_API_URL"])
        if door == "stdio":
            async with stdio_server() as (read, write):
                await server.run(read, write, server.create_initialization_options())
            return
        import uvicorn

        app = server.streamable_http_app(stateless_http=True)
        config = uvicorn.Config(app, port=port, log_level="warning")
        await uvicorn.Server(config).serve()


if __name__ == "__main__":
    anyio.run(main, sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 0)
