"""The image's build works, though no Docker engine is at hand: its steps run in empty environments."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from mcp import Client, StdioServerParameters

from checkout import ROOT
from fullstory_mcp import __version__
from fullstory_mcp.cli.health import PORT

pytestmark = pytest.mark.anyio

TEXT = (ROOT / "Dockerfile").read_text(encoding="utf-8")
NO_INDEX = "connection broken by"
STEP = re.compile(r"^(?P<verb>[A-Z]+) (?P<rest>(?:.*\\\n)*.*)$", re.MULTILINE)


def steps(text: str) -> list[tuple[str, str]]:
    """Every instruction and what follows it, continued lines joined."""
    return [(step["verb"], step["rest"].replace("\\\n", " ")) for step in STEP.finditer(text)]


BUILD, FINAL = (steps(f"FROM {stage}") for stage in TEXT.split("\nFROM ")[1:])


def built(folder: Path) -> Path:
    """Runs the build stage's steps below `folder`; the environment that the image would hold.

    Skips where the package index cannot be reached.
    """
    if os.name != "posix":
        pytest.skip("the image's steps are a POSIX shell's")
    source = folder / "src"
    source.mkdir()
    for verb, rest in BUILD:
        if verb == "COPY":
            copy(rest.split(), source)
        elif verb == "RUN":
            run(rest.replace("/opt/", f"{folder}/"), source)
    return folder / "fullstory-mcp"


def copy(words: list[str], target: Path) -> None:
    """`COPY a b ./` and `COPY src src`, as .dockerignore lets them."""
    *names, _ = words
    for name in names:
        if (ROOT / name).is_dir():
            shutil.copytree(
                ROOT / name, target / name, ignore=shutil.ignore_patterns("__pycache__")
            )
        else:
            shutil.copy(ROOT / name, target)


def run(command: str, folder: Path) -> None:
    """One RUN line, with this Python in the place of the image's."""
    tools = folder / "bin"
    tools.mkdir(exist_ok=True)
    if not (tools / "python").exists():
        (tools / "python").symlink_to(sys.executable)
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    done = subprocess.run(
        ["/bin/sh", "-c", command],
        cwd=folder,
        env=kept | {"PATH": f"{tools}:{kept['PATH']}"},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode and NO_INDEX in done.stderr:
        pytest.skip("the package index cannot be reached")
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The environment that the image would hold."""
    return built(tmp_path_factory.mktemp("image"))


def test_steps_of_the_build_install_the_command(environment: Path) -> None:
    """Hashes hold, the wheel builds, and the entry point is there."""
    command = [environment / "bin" / "fullstory-mcp", "--version"]
    version = subprocess.run(command, capture_output=True, text=True, check=True)

    assert version.stdout == f"fullstory-mcp, version {__version__}\n"


async def test_installed_command_lists_its_tools_over_stdio(environment: Path) -> None:
    """What the image would start serves a client."""
    command = str(environment / "bin" / "fullstory-mcp")
    async with Client(StdioServerParameters(command=command, args=["--sandbox"])) as client:
        tools = (await client.list_tools()).tools

    assert len(tools) == 53


def test_bytecode_is_compiled_and_never_compared_with_its_source(environment: Path) -> None:
    """The start reads bytecode, whatever dates a copy of the files carries."""
    assert compiled(environment) == ["hash, unchecked"]


def compiled(environment: Path) -> list[str]:
    """How the bytecode of our package says that it is to be checked against its source."""
    kinds = {0: "time", 1: "hash, unchecked", 3: "hash, checked"}
    files = environment.glob("lib/*/site-packages/fullstory_mcp/**/*.pyc")
    return sorted({kinds[file.read_bytes()[4]] for file in files})


def test_every_base_is_pinned_to_a_version() -> None:
    """No build gets another base by surprise."""
    bases = [rest.split()[0] for verb, rest in (*BUILD, *FINAL) if verb == "FROM"]

    assert bases == ["python:3.13-slim-bookworm"] * 2


def test_everything_from_the_index_is_checked_against_its_hash() -> None:
    """Every `pip install` asks for hashes, or installs only what was built here."""
    commands = "&&".join(rest for verb, rest in (*BUILD, *FINAL) if verb == "RUN").split("&&")
    installs = [
        command for command in commands if "pip install" in command or "pip wheel" in command
    ]

    assert len(installs) == 4
    assert all("--require-hashes" in install or "--no-deps" in install for install in installs)
    assert all(
        "--no-index" in install or "--no-build-isolation" in install
        for install in installs
        if "--require-hashes" not in install
    )


def test_image_runs_as_a_number_that_is_not_root() -> None:
    """A cluster can tell from the image that it needs no root."""
    (user,) = [rest for verb, rest in FINAL if verb == "USER"]

    assert re.fullmatch(r"[1-9]\d{3,}:[1-9]\d{3,}", user)


def test_image_starts_the_installed_command() -> None:
    """The entry point is the script that the wheel installs, on stdio when nothing else is said."""
    assert ("ENTRYPOINT", '["fullstory-mcp"]') in FINAL
    assert "CMD" not in {verb for verb, _ in FINAL}


def test_health_is_asked_by_a_command_that_the_image_has(environment: Path) -> None:
    """It runs, and finds nothing to ask where process 1 is no server of ours."""
    (check,) = [rest for verb, rest in FINAL if verb == "HEALTHCHECK"]
    name, *arguments = json.loads(check[check.index("[") :])
    asked = subprocess.run(
        [environment / "bin" / name, *arguments], capture_output=True, check=False
    )

    assert (asked.returncode, asked.stdout, asked.stderr) == (0, b"", b"")


def test_database_of_the_image_lies_where_its_user_may_write() -> None:
    """A volume of the user's own, whatever else is read-only."""
    (setting,) = [rest for verb, rest in FINAL if verb == "ENV"]
    (made,) = [rest for verb, rest in FINAL if verb == "RUN" and "install --directory" in rest]

    assert "FULLSTORY_MCP_DATABASE_URL=sqlite:////data/" in setting
    assert made.split()[-1] == "/data"
    assert {"--owner=10001", "--group=10001", "--mode=700"} <= set(made.split())
    assert ("VOLUME", "/data") in FINAL
    assert [verb for verb, _ in FINAL].index("VOLUME") > FINAL.index(("RUN", made))


def test_port_of_the_image_is_the_one_that_the_server_takes() -> None:
    """What is exposed is what `serve` listens on when nothing else is said."""
    assert ("EXPOSE", str(PORT)) in FINAL


def test_image_can_open_the_front_door(environment: Path) -> None:
    """What the extra `hosted` names is installed, each at the version that is tested."""
    command = [environment / "bin" / "python", "-c", "import fullstory_mcp.oauth.door"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)

    assert (done.returncode, done.stderr) == (0, "")


def test_image_holds_no_secret_and_little_else() -> None:
    """Keys come at run time; the final stage takes one folder from the build, and the CA bundle."""
    copies = [rest for verb, rest in FINAL if verb == "COPY"]
    secrets = re.compile(r"FULLSTORY_API_KEY=|SECRET_KEYS|token", re.IGNORECASE)

    assert copies == ["--from=build /opt/fullstory-mcp /opt/fullstory-mcp"]
    assert "ca-certificates" in TEXT
    assert not any(secrets.search(rest) for _, rest in (*BUILD, *FINAL))


def test_build_context_is_a_list_of_what_is_needed() -> None:
    """.dockerignore shuts everything out, then lets in exactly what is copied."""
    lines = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    rules = [line for line in lines if line and not line.startswith("#")]
    copied = {name for verb, rest in BUILD if verb == "COPY" for name in rest.split()[:-1]}

    assert rules[0] == "*"
    assert {rule[1:] for rule in rules if rule.startswith("!")} == copied
