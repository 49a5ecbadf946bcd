"""`fullstory-mcp docs`: writes the README's tables from the data they are about.

A table stands between `<!-- generated: name -->` and `<!-- end: name -->`; nothing else is touched.
The command is for whoever changes the catalogue or a setting, and is not shown in the help.
"""

from collections.abc import Callable, Iterable
from pathlib import Path

from pydantic import SecretStr

from fullstory_mcp.catalogue import Catalogue, Tool, load_catalogue
from fullstory_mcp.cli.tools import size
from fullstory_mcp.errors import OperatorError
from fullstory_mcp.principal import LEVELS
from fullstory_mcp.settings import Settings


class DocsError(OperatorError):
    """The README is stale, unreadable, or lacks a marker."""


def write_docs(path: Path, *, check: bool) -> None:
    """Brings the tables in `path` up to date; with `check` it only looks.

    Raises:
        DocsError: the file cannot be read, a marker is missing, or (with `check`) a table is stale.
    """
    try:
        before = path.read_text(encoding="utf-8")
    except OSError as error:
        raise DocsError(f"{path.name} cannot be read: {error.strerror}.") from None
    after = with_tables(before, load_catalogue())
    if check and after != before:
        raise DocsError(f"The tables in {path.name} are stale: run `fullstory-mcp docs`.")
    if after != before:
        path.write_text(after, encoding="utf-8")


def with_tables(text: str, catalogue: Catalogue) -> str:
    """`text` with every table made anew.

    Raises:
        DocsError: the marker of a table is missing.
    """
    for name, make in TABLES.items():
        begin, end = f"<!-- generated: {name} -->\n", f"<!-- end: {name} -->"
        head, opened, rest = text.partition(begin)
        _, closed, tail = rest.partition(end)
        if not (opened and closed):
            raise DocsError(f"The marks of the table “{name}” are missing.")
        table = "\n".join(make(catalogue))
        text = f"{head}{begin}{table}\n{end}{tail}"
    return text


def _levels(catalogue: Catalogue) -> Iterable[str]:
    roles = {level: role for role, level in catalogue.provider.identity["levels"].items()}
    rows = []
    for level in LEVELS:
        reach = LEVELS[: LEVELS.index(level) + 1]
        tools = [tool for tool in catalogue.tools.values() if tool.gate.level in reach]
        tokens = f"{round(size(tools), -2):,}"
        rows.append((level, f"`{roles[level]}`", str(len(tools)), tokens, _areas(tools)))
    return _table(("level", "role in `GET /me`", "tools", "tokens, about", "areas"), rows)


def _areas(tools: list[Tool]) -> str:
    return ", ".join(dict.fromkeys(f"`{tool.area}`" for tool in tools))


def _tools(catalogue: Catalogue) -> Iterable[str]:
    for area in catalogue.areas:
        inside = [tool for tool in catalogue.tools.values() if tool.area == area.name]
        rows = [(f"`{tool.name}`", tool.gate.level, _effect(tool), tool.title) for tool in inside]
        yield f"**{area.title}** (`{area.name}`). {area.when}\n"
        yield from _table(("tool", "level", "effect", "title"), rows)
        yield ""


def _effect(tool: Tool) -> str:
    spent = {"activations": ", spends Activations", "server_events": ", spends event quota"}
    return tool.gate.effect + spent.get(tool.gate.meter or "", "")


def _settings(_: Catalogue) -> Iterable[str]:
    rows = []
    for field in Settings.model_fields.values():
        default = field.get_default(call_default_factory=True)
        rows.append((f"`{field.validation_alias}`", _shown(default), field.description or ""))
    return _table(("setting", "default", "meaning"), rows)


def _shown(default: object) -> str:
    """A default as it would be set; nothing where there is none."""
    if isinstance(default, SecretStr):
        default = default.get_secret_value()
    if isinstance(default, tuple):
        default = ",".join(str(part) for part in default)
    if isinstance(default, bool):
        default = str(default).lower()
    return f"`{default}`" if isinstance(default, str | int) and default != "" else ""


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> Iterable[str]:
    yield f"| {' | '.join(head)} |"
    yield f"|{' --- |' * len(head)}"
    for row in rows:
        yield f"| {' | '.join(row)} |"


TABLES: dict[str, Callable[[Catalogue], Iterable[str]]] = {
    "levels": _levels,
    "tools": _tools,
    "settings": _settings,
}
