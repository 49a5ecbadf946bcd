"""The object store that export files are fetched from by signed URL.

It is another service than the API: no key (an Authorization header is refused, as two ways
of signing in are), errors in XML, and a URL that is good for five minutes.
"""

import hashlib
import hmac
from collections.abc import Mapping
from urllib.parse import urlencode

from starlette.responses import Response

from fullstory_mcp.sandbox import exporting
from fullstory_mcp.sandbox.jobs import WEEK, Operation
from fullstory_mcp.sandbox.state import Sandbox
from fullstory_mcp.sandbox.times import SECOND

ROOT = "/sandbox-storage"
URL_SECONDS = 300


def signed_path(sandbox: Sandbox, operation: Operation) -> tuple[str, int]:
    """Return path and query of a fresh URL, and the moment (ms) until which it is good."""
    until = sandbox.now // SECOND + URL_SECONDS
    path = f"{ROOT}/exports/{exporting.file_name(operation.export_id, operation.export)}"
    query = urlencode({"Expires": until, "Signature": _signature(sandbox, path, str(until))})
    return f"{path}?{query}", until * SECOND


def answer(
    sandbox: Sandbox, path: str, query: Mapping[str, str], headers: Mapping[str, str]
) -> Response:
    """Answer a GET of a signed URL with the file, or with an error of the store."""
    if "authorization" in headers:
        return _refused(400, "InvalidArgument", "Only one auth mechanism allowed: Authorization")
    expires, signature = query.get("Expires", ""), query.get("Signature", "")
    ours = _signature(sandbox, path, expires)
    if not hmac.compare_digest(ours.encode(), signature.encode()):
        return _refused(403, "SignatureDoesNotMatch", "Access denied.")
    if int(expires) * SECOND <= sandbox.now:
        return _refused(403, "ExpiredToken", "Invalid argument. The URL has expired.")
    for operation in sandbox.operations.values():
        if operation.export_id and path.rsplit("/", 1)[-1].startswith(f"{operation.export_id}."):
            return _file(sandbox, operation)
    return _refused(404, "NoSuchKey", "The specified key does not exist.")


def find(sandbox: Sandbox, export_id: str) -> Operation | None:
    """Find the finished export with this id; exports are kept for a week."""
    for operation in sandbox.operations.values():
        if operation.export_id == export_id and operation.state(sandbox.now) == "COMPLETED":
            return operation if sandbox.now < operation.finished + WEEK else None
    return None


def attachment(content: bytes, name: str) -> Response:
    """Answer with a gzip file to be kept as it is: no Content-Encoding."""
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(content, headers=headers, media_type="application/gzip")


def _file(sandbox: Sandbox, operation: Operation) -> Response:
    name = exporting.file_name(operation.export_id, operation.export)
    return attachment(exporting.segment_file(sandbox.world, operation.export), name)


def _signature(sandbox: Sandbox, path: str, expires: str) -> str:
    secret = f"sandbox storage {sandbox.seed}".encode()
    return hmac.new(secret, f"{path}:{expires}".encode(), hashlib.sha256).hexdigest()


def _refused(status: int, code: str, message: str) -> Response:
    body = (
        "<?xml version='1.0' encoding='UTF-8'?>"
        f"<Error><Code>{code}</Code><Message>{message}</Message></Error>"
    )
    return Response(body, status, media_type="application/xml")
