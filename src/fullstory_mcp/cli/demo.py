"""`fullstory-mcp demo`: the whole way, played by a real MCP client over stdio on the sandbox.

Each act starts `fullstory-mcp stdio --sandbox` as a desktop client would and prints the calls and
what matters of their answers. An answer that is not what the act is about ends the demo with an
error, so that exit 0 means: the way works on this machine.
"""

import re
import shlex
import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import anyio
import mcp.types as t
from mcp import Client, StdioServerParameters
from mcp.shared.exceptions import MCPError
from rich.console import Console
from rich.markup import escape
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from fullstory_mcp.catalogue import JSON
from fullstory_mcp.cli.screen import screen
from fullstory_mcp.errors import OperatorError
from fullstory_mcp.principal import LEVELS, Level
from fullstory_mcp.shaping.tokens import estimate
from fullstory_mcp.wire import write

CUSTOMER = "cust-1042"
"""The sandbox's well-known customer whose newest session goes wrong."""

TROUBLE = {
    "failed request": "yellow",
    "console error": "yellow",
    "error click": "red",
    "dead click": "red",
    "rage click": "red",
    "exception": "red",
}
"""A reading's words for a struggle, and their colours."""

EXCERPT = re.compile(
    r"^(Who: .+?), .+\n(Where: .+\nWhen: .+\n)[\s\S]*^(# What went wrong\n(?:- .+\n)+)"
    r"[\s\S]*^(## p\d+ .+\n(?:- .+\n)+)",
    re.MULTILINE,
)
"""Of a reading: who, where and when, what went wrong, and the last page."""

MOST_SECONDS = 60.0
LEVEL_SAYS: dict[Level, str] = {
    "standard": "sessions; sending users and events",
    "architect": "+ people, segments, exports",
    "admin": "+ webhooks",
}


class DemoFailed(OperatorError):
    """An answer was not what the demo shows."""


class Stage:
    """Prints acts, calls and answers."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self._act = 0

    def act(self, title: str) -> None:
        """Opens the next part."""
        self._act += 1
        self.console.print(f"\n[bold cyan]{self._act}  {title}[/]")

    def says(self, markup: str, indent: int = 3) -> None:
        """A line of ours."""
        self.console.print(Padding(markup, (0, 0, 0, indent), expand=False))

    def tells(self, markup: str) -> None:
        """What an answer comes to."""
        self.says(markup, indent=5)

    def shows(self, table: Table) -> None:
        """A table below a call."""
        self.console.print(Padding(table, (0, 0, 0, 5), expand=False))

    async def calls(self, client: Client, name: str, **arguments: Any) -> t.CallToolResult:
        """Prints the call and makes it."""
        given = ", ".join(f"{key}={_shortly(value)}" for key, value in arguments.items())
        self.says(f"[green]→[/] [bold]{name}[/]({escape(given)})")
        return await client.call_tool(name, arguments)

    def reads(self, line: str) -> None:
        """A line of a reading, its troubles in colour."""
        text = Text(line, style="bold" if line.startswith("#") else "")
        for words, colour in TROUBLE.items():
            text.highlight_words([words], colour)
        self.console.print(Padding(text, (0, 0, 0, 5), expand=False))

    def quotes(self, text: str) -> None:
        """An answer's own words."""
        self.tells(f"[italic]{escape(text)}[/]")

    def command(self, purpose: str, line: str) -> None:
        """A command to copy: never broken into lines by us."""
        self.says(f"[dim]{purpose}[/]")
        self.console.print(f"   {line}", soft_wrap=True, markup=False)


def run_demo() -> None:
    """Plays every act; under ten seconds.

    Raises:
        OperatorError: the server did not start, or an answer was not what it should be.
    """
    begun = time.perf_counter()
    stage = Stage(screen())
    try:
        anyio.run(_play, stage)
    except (ExceptionGroup, MCPError, OSError) as error:
        cause = _cause(error)
        if isinstance(cause, OperatorError):
            raise cause from None
        if isinstance(cause, MCPError | OSError):
            raise DemoFailed(f"the demo's server did not answer: {cause}.") from None
        raise
    _what_now(stage)
    stage.console.print(f"\n[dim]The demo took {time.perf_counter() - begun:.1f} s.[/]")


def _cause(error: Exception) -> Exception:
    """What task groups wrapped up."""
    while isinstance(error, ExceptionGroup):
        error = error.exceptions[0]
    return error


async def _play(stage: Stage) -> None:
    stage.console.print(
        "[bold]fullstory-mcp[/] from end to end. [bold]All data below is invented[/]: an embedded "
        "sandbox answers in place of Fullstory, and nothing leaves this machine. A real MCP client "
        "starts [bold]fullstory-mcp stdio --sandbox[/] and talks to it."
    )
    with anyio.fail_after(MOST_SECONDS):
        async with AsyncExitStack() as stack:
            clients = {level: await stack.enter_async_context(_client(level)) for level in LEVELS}
            await _what_each_level_sees(stage, clients)
            await _what_went_wrong(stage, clients["standard"])
            await _a_refusal(stage, clients["standard"])
            await _a_deletion(stage, clients["admin"])


def _what_now(stage: Stage) -> None:
    installed = shutil.which("fullstory-mcp", path=Path(sys.executable).parent)
    command = shlex.quote(installed or "fullstory-mcp")
    stage.console.print("\n[bold cyan]Now a client of yours[/]")
    stage.command(
        "Claude Code, on the sandbox:",
        f"claude mcp add --transport stdio fullstory-sandbox -- {command} --sandbox",
    )
    stage.command(
        "Claude Code, on your account:",
        f"claude mcp add --env FULLSTORY_API_KEY=… --transport stdio fullstory -- {command}",
    )
    stage.command("Is the key right?", f"FULLSTORY_API_KEY=… {command} doctor")
    stage.says("[dim]Claude Desktop, Cursor, VS Code, agent frameworks: see the README.[/]")


def _client(level: Level) -> Client:
    """A client that starts a server of its own, with the sandbox's key of `level`."""
    command = StdioServerParameters(
        command=sys.executable,
        args=["-m", "fullstory_mcp", "stdio", "--sandbox"],
        env={"FULLSTORY_API_KEY": f"na1.sandbox-{level}"},
    )
    return Client(command)


async def _what_each_level_sees(stage: Stage, clients: dict[Level, Client]) -> None:
    stage.act("What an agent is offered, by the level of the key")
    table = Table.grid(padding=(0, 2))
    for level, client in clients.items():
        tools = (await client.list_tools()).tools
        listed = [tool.model_dump(by_alias=True, exclude_none=True) for tool in tools]
        tokens = estimate(write({"tools": listed}))
        table.add_row(
            f"[bold]{level.capitalize()}[/]",
            f"{len(tools)} tools",
            f"{tokens:,} tokens",
            f"[dim]{LEVEL_SAYS[level]}[/]",
        )
    stage.shows(table)


async def _what_went_wrong(stage: Stage, client: Client) -> None:
    stage.act(f"“Customer {CUSTOMER} could not pay. What happened?”  (Standard key)")
    sessions = _data(await stage.calls(client, "list_sessions", uid=CUSTOMER))["results"]
    newest = sessions[0]
    stage.tells(f"{len(sessions)} sessions, the newest of {_minute(newest['created_time'])}")
    reading = _said(await stage.calls(client, "generate_context", session_id=newest["id"]))
    stage.tells(
        f"a reading of {estimate(reading):,} tokens; of it, what went wrong and the last page:\n"
    )
    for line in _excerpt(reading):
        stage.reads(line)
    stage.tells("\n[bold]The payment call fails, and the customer hammers a button in vain.[/]")


def _excerpt(reading: str) -> Iterator[str]:
    """The lines that tell it all.

    Raises:
        DemoFailed: a part is missing, so the reading does not tell what went wrong.
    """
    parts = EXCERPT.search(reading)
    if parts is None:
        raise DemoFailed("the reading shows no trouble, though the sandbox has some for it.")
    for part in parts.groups():
        yield from part.splitlines()


async def _a_refusal(stage: Stage, client: Client) -> None:
    stage.act("The same key asks for more than it may")
    refused = await stage.calls(client, "delete_user", uid=CUSTOMER)
    if not refused.is_error:
        raise DemoFailed("a Standard key was allowed to delete.")
    stage.quotes(_text(refused))
    access = _data(await stage.calls(client, "explain_access"))
    key, hidden = access["key"], access["hidden"]
    stage.tells(
        f"a {key['level'].capitalize()} key ({key['known_by']}): {len(access['served'])} tools "
        f"served, {len(hidden)} hidden, each with why and what would help. The last:"
    )
    stage.quotes(f"{hidden[-1]['tool']}: {hidden[-1]['why']} {hidden[-1]['would_help']}")


async def _a_deletion(stage: Stage, client: Client) -> None:
    stage.act("A deletion asks first  (Admin key)")
    asked = _text(await stage.calls(client, "delete_user", uid=CUSTOMER))
    token = re.search(r'confirmation: "([^"]+)"', asked)
    if token is None:
        raise DemoFailed("the deletion did not ask for a confirmation.")
    stage.quotes(asked.replace(token[1], f"{token[1][:12]}…"))
    await _is_being_deleted(stage, client, expected=False)
    done = _data(
        await stage.calls(client, "delete_user", uid=CUSTOMER, confirmation=token[1]),
    )
    stage.quotes(done["done"])
    await _is_being_deleted(stage, client, expected=True)


async def _is_being_deleted(stage: Stage, client: Client, *, expected: bool) -> None:
    found = _data(await stage.calls(client, "list_users", uid=CUSTOMER))["results"]
    if [user["is_being_deleted"] for user in found] != [expected]:
        raise DemoFailed("the deletion did not do what it said.")
    state = "is_being_deleted: true" if expected else "still there, untouched"
    stage.tells(f"{found[0]['display_name']}: [bold]{state}[/]")


def _data(result: t.CallToolResult) -> JSON:
    said = _said(result)
    if result.structured_content is None:
        raise DemoFailed(f"an answer was not data: {said}")
    return dict(result.structured_content)


def _said(result: t.CallToolResult) -> str:
    if result.is_error:
        raise DemoFailed(f"a call failed: {_text(result)}")
    return _text(result)


def _text(result: t.CallToolResult) -> str:
    return "\n".join(part.text for part in result.content if isinstance(part, t.TextContent))


def _shortly(value: object) -> str:
    text = f'"{value}"'
    return text if len(text) <= 40 else f'{text[:13]}…"'


def _minute(timestamp: str) -> str:
    return timestamp[:16].replace("T", " ")
