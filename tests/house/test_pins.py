"""constraints.txt, requirements.lock and .ci/requirements-build.lock pin the same versions."""

import re
import tomllib

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from checkout import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
EXTRAS = PROJECT["project"]["optional-dependencies"]
LOCKS = {
    "requirements.lock": [*PROJECT["project"]["dependencies"], *EXTRAS["hosted"]],
    ".ci/requirements-build.lock": PROJECT["build-system"]["requires"],
}
NEEDED = [
    need
    for needs in (*LOCKS.values(), *EXTRAS.values())
    for need in needs
    if Requirement(need).name != PROJECT["project"]["name"]
]
FIX = "make the files anew, as their first lines say"


def entries(name: str) -> list[str]:
    """The requirements of a file, each with its hashes on one line; comments left out."""
    text = (ROOT / name).read_text(encoding="utf-8").replace("\\\n", " ")
    return [line for line in text.splitlines() if line and not line.startswith("#")]


def pins(name: str) -> dict[str, str]:
    """Each name and its one version."""
    needs = [Requirement(entry.partition("--hash")[0]) for entry in entries(name)]
    found = {canonicalize_name(need.name): str(need.specifier) for need in needs}
    assert len(found) == len(needs), f"{name} names something twice"
    return found


@pytest.mark.parametrize("name", ["constraints.txt", *LOCKS])
def test_every_line_pins_one_exact_version(name: str) -> None:
    """An old checkout installs what it was tested with."""
    loose = {need: version for need, version in pins(name).items() if version[:2] != "=="}

    assert loose == {}, FIX


@pytest.mark.parametrize("name", LOCKS)
def test_lock_pins_what_the_constraints_pin(name: str) -> None:
    """The image runs the very versions that the tests ran with."""
    constraints = pins("constraints.txt")
    other = {
        need: version for need, version in pins(name).items() if constraints.get(need) != version
    }

    assert other == {}, FIX


@pytest.mark.parametrize("name", LOCKS)
def test_every_line_of_a_lock_has_a_hash(name: str) -> None:
    """No file is installed unchecked."""
    bare = [
        entry for entry in entries(name) if not re.search(r"--hash=sha256:[0-9a-f]{64}\b", entry)
    ]

    assert bare == [], FIX


@pytest.mark.parametrize("need", NEEDED)
def test_every_declared_need_is_pinned_within_its_range(need: str) -> None:
    """Whatever pyproject.toml asks for has its version in the constraints."""
    wanted = Requirement(need)
    version = pins("constraints.txt")[canonicalize_name(wanted.name)].removeprefix("==")

    assert wanted.specifier.contains(version), FIX


@pytest.mark.parametrize("name", LOCKS)
def test_lock_holds_each_direct_need(name: str) -> None:
    """A lock that lacks a dependency would fail in the image."""
    names = {canonicalize_name(Requirement(need).name) for need in LOCKS[name]}

    assert names <= set(pins(name)), FIX


def test_constraints_have_no_hashes_and_no_options() -> None:
    """They serve every platform, with any index, as plain `-c constraints.txt`."""
    odd = [entry for entry in entries("constraints.txt") if "--" in entry or "://" in entry]

    assert odd == []
