"""The refusals of the API: one exception, and one table of the documented bodies.

```
ApiError            an answer with an error status
    400 invalid_argument, required_field, session_page_limit_exceeded
    401 unauthorized, 403 forbidden, 404 resource_not_found, 405 method_not_allowed
    409 idempotency_conflict, 429 too_many_requests, 500 internal
```
"""

from collections.abc import Mapping

DOCUMENTED: Mapping[int, tuple[str, str]] = {
    400: ("invalid_argument", "Invalid argument"),
    401: ("unauthorized", "access is unauthorized"),
    403: ("forbidden", "insufficient permissions"),
    404: ("resource_not_found", "Requested resource does not exist"),
    405: ("method_not_allowed", "Method not allowed"),
    409: ("conflict", "Conflict"),
    429: (
        "too_many_requests",
        "Too many requests. Client has exceeded the rate limit for this endpoint.",
    ),
    500: ("internal", "internal error"),
}


class ApiError(Exception):
    """An error answer; `status`, `headers` and `body` are what goes out."""

    def __init__(
        self,
        status: int,
        message: str | None = None,
        code: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """Take what is given; the rest is filled from the documented body of the status."""
        usual_code, usual_message = DOCUMENTED[status]
        super().__init__(message or usual_message)
        self.status = status
        self.headers = dict(headers or {})
        self.body = {"message": message or usual_message, "code": code or usual_code}


def documented_body(status: int) -> dict[str, str]:
    """Return the documented error body of a status; an unlisted status borrows 500's words."""
    code, message = DOCUMENTED.get(status, DOCUMENTED[500])
    return {"message": message, "code": code}


def invalid(message: str) -> ApiError:
    """Make the 400 for a value that is there but wrong."""
    return ApiError(400, message, "invalid_argument")


def required(field: str) -> ApiError:
    """Make the 400 for a value that is missing."""
    return ApiError(400, f"{field} is required", "required_field")


def not_found() -> ApiError:
    """Make the 404 for an id that leads nowhere."""
    return ApiError(404)


def too_many(seconds: int, message: str | None = None) -> ApiError:
    """Make the 429 that asks to wait this many whole seconds."""
    return ApiError(429, message, headers={"Retry-After": str(seconds)})
