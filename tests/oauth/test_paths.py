"""What paths with a slash too many lead to."""

import pytest

from oauth.harness import hosting

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(
    "path", ["/connections/", "/consent/?request=x", "/authorize/", "/healthz/"]
)
async def test_nobody_is_sent_to_the_host_that_a_request_names(path: str) -> None:
    """The framework would mend the path by a redirect, to whatever `Host` says, at http."""
    async with hosting() as door:
        answer = await door.client.get(path, headers={"Host": "evil.example.com"})

    assert answer.status_code == 404
    assert "location" not in answer.headers
