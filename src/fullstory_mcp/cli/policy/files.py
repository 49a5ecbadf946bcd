"""Which policy file a command means, and the policy in it."""

from pathlib import Path

from fullstory_mcp.catalogue import Catalogue
from fullstory_mcp.errors import SettingsError
from fullstory_mcp.policy.reading import read_policy
from fullstory_mcp.policy.rows import Policy
from fullstory_mcp.settings import Settings


def meant(file: Path | None, settings: Settings) -> Path:
    """The file that was named, or else the one that a server would use.

    Raises:
        SettingsError: neither is there.
    """
    if file is None and settings.policy_file is None:
        raise SettingsError("Name a policy file, or set FULLSTORY_MCP_POLICY_FILE.")
    return file or settings.policy_file or Path()


def policy_in(file: Path, catalogue: Catalogue) -> Policy:
    """The policy that a file holds.

    Raises:
        SettingsError: it is not usable; `policy check` tells every fault.
    """
    return read_policy(file, catalogue, name=str(file))
