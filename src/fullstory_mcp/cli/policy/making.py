"""`fullstory-mcp policy init`: copies the presets into a file of the operator's own."""

import re
from pathlib import Path

import click

from fullstory_mcp import __version__
from fullstory_mcp.errors import SettingsError
from fullstory_mcp.policy import reading
from fullstory_mcp.settings import Settings

DEFAULT = Path("policy.toml")

_BLOCK = re.compile(r"^\[presets\.(\w+)\]\n(?:.+\n)*\n?", re.MULTILINE)


def make(file: Path | None, presets: tuple[str, ...]) -> None:
    """Writes the file, with `presets` alone where some are named.

    Raises:
        SettingsError: the file is there already, or cannot be written.
    """
    file = file or Settings.read().policy_file or DEFAULT
    try:
        _write(file, text_of(presets))
    except FileExistsError:
        raise SettingsError(f"{file} is there already and was left as it is.") from None
    except OSError as error:
        raise SettingsError(f"{file} cannot be written: {error.strerror}.") from None
    click.echo(
        f"{file} was written. As it stands nobody may do anything: say at its end who has which "
        f"preset, look it over with `fullstory-mcp policy check {file}`, and set "
        f"{reading.SETTING} to it."
    )


def _write(file: Path, text: str) -> None:
    """Makes the file whole at once, so that a server that reads it already never sees a part.

    Its name is taken first, by an empty file, which is no policy.
    """
    file.open("x").close()
    beside = file.with_name(f".{file.name}.new")
    try:
        beside.write_text(text, encoding="utf-8", newline="\n")
        beside.replace(file)
    except OSError:
        beside.unlink(missing_ok=True)
        file.unlink()
        raise


def text_of(presets: tuple[str, ...] = ()) -> str:
    """The whole file, for this version's tools."""
    text = Path(reading.__file__).with_name("presets.toml").read_text(encoding="utf-8")
    text = re.sub(r'^as_of = "[^"]*"', f'as_of = "{__version__}"', text, flags=re.MULTILINE)
    return _BLOCK.sub(lambda block: block[0] if not presets or block[1] in presets else "", text)
