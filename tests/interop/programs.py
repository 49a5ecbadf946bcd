"""Programs in JavaScript that tests run: Node at the version that package.json names."""

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
PACKAGES = HERE / "node_modules"

ENOUGH = 60
"""Seconds for any one program."""


@dataclass(frozen=True)
class Node:
    """Node and the packages beside it; `home` keeps what programs leave behind."""

    home: Path

    @property
    def environment(self) -> dict[str, str]:
        """Ours without any setting, and a home of its own."""
        kept = {name: at for name, at in os.environ.items() if not name.startswith("FULLSTORY_")}
        return kept | {"HOME": str(self.home), "NO_COLOR": "1"}

    def command(self, program: str, *arguments: str) -> list[str]:
        """The command line of a JavaScript program, given from this folder."""
        return [str(PACKAGES / "node" / "bin" / "node"), str(HERE / program), *arguments]

    def run(self, program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Runs a program to its end."""
        return subprocess.run(
            self.command(program, *arguments),
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=ENOUGH,
            check=False,
        )
