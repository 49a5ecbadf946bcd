"""The three keys of the sandbox, and which level each has.

The raw key follows the word Basic; it is not base64. Levels nest: standard, architect, admin.
"""

from collections.abc import Mapping

from fullstory_mcp.sandbox.errors import ApiError

KEYS: Mapping[str, str] = {
    "na1.sandbox-standard": "USER",
    "na1.sandbox-architect": "ARCHITECT",
    "na1.sandbox-admin": "ADMIN",
}
"""Key -> the role that `GET /me` tells for it."""

_RANK_OF_ROLE = {"USER": 0, "ARCHITECT": 1, "ADMIN": 2}
_RANK_OF_LEVEL = {"standard": 0, "architect": 1, "admin": 2}


def admit(header: str, level: str) -> str:
    """Return the key of an Authorization header that reaches `level`.

    Raises the documented 401 for a missing or unknown key and 403 for one below the level.
    """
    scheme, _, key = header.partition(" ")
    if scheme != "Basic" or key not in KEYS:
        raise ApiError(401)
    if _RANK_OF_ROLE[KEYS[key]] < _RANK_OF_LEVEL[level]:
        raise ApiError(403)
    return key
