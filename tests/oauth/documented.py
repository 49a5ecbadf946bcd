"""A client ID metadata document as good clients have it, and what is wrong with others."""

from typing import Any

import pytest

from fullstory_mcp.oauth.documents import DocumentRefused, Documents
from fullstory_mcp.oauth.model import Shared
from oauth.strangers import HERE

URL = "https://app.example.com/oauth/client.json"
REDIRECT = "https://app.example.com/callback"


def described(**more: Any) -> dict[str, Any]:
    """A good document, with `more` in it; what is given as None is left out."""
    whole = {"client_id": URL, "client_name": "App", "redirect_uris": [REDIRECT], **more}
    return {name: value for name, value in whole.items() if value is not None}


async def why_not(shared: Shared, url: str = URL) -> str:
    """Why a client is refused."""
    with pytest.raises(DocumentRefused) as error:
        await Documents(shared).client(url, HERE)
    return str(error.value)
