"""From a tool and its checked arguments to the one HTTP request that says the same. Pure."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode

from pydantic_core import from_json, to_json

from fullstory_mcp.catalogue import JSON, Provider, Tool

MASKED = "(not shown)"
"""What stands for a secret where a request is shown."""

USER_AGENT = "fullstory-mcp"


@dataclass(frozen=True, slots=True)
class Hosts:
    """Where the API answers: `api` for all but the two legacy exports, which have `export`."""

    api: str
    export: str

    def of(self, name: str) -> str:
        """The address without a trailing slash."""
        return self.export if name == "export" else self.api


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A request before the key is put on it; the same object is sent on every try."""

    method: str
    url: str
    headers: Mapping[str, str]
    content: bytes | None
    retry: str
    timeout: str
    changes: bool
    """Whether it may change something: then it is finished once sent, and failures are uncertain."""
    meter: str | None
    """What it spends of the account: a row of the provider's quotas."""
    idempotency_key: str | None = None
    says: Mapping[str, str] = field(default_factory=dict)
    """What a status means for this tool, by status."""


def outgoing(
    tool: Tool, arguments: JSON, hosts: Hosts, provider: Provider, page_token: str | None = None
) -> Outgoing:
    """The request for `arguments`; nothing is added to a body that the caller did not give."""
    http = tool.endpoint
    headers = {provider.integration["header"]: provider.integration["value"]}
    key = None
    if http.retry == "create":
        key = str(arguments.get(provider.idempotency["argument"]) or uuid.uuid4())
        headers[provider.idempotency["header"]] = key
    content = None
    if http.body is not None:
        content = to_json({name: arguments[name] for name in http.body if name in arguments})
        headers["Content-Type"] = "application/json"
    return Outgoing(
        method=http.method,
        url=hosts.of(http.host) + _path(tool, arguments) + _query(tool, arguments, page_token),
        headers=headers,
        content=content,
        retry=http.retry,
        timeout=http.timeout,
        changes=tool.gate.effect != "read",
        meter=tool.gate.meter,
        idempotency_key=key,
        says=http.says,
    )


def shown(tool: Tool, arguments: JSON, hosts: Hosts, provider: Provider) -> JSON:
    """The request for `arguments` as it may be shown: without the key, and with secrets masked."""
    hidden = {name for name, one in tool.input.schema["properties"].items() if one.get("writeOnly")}
    told = {name: MASKED if name in hidden else value for name, value in arguments.items()}
    request = outgoing(tool, told, hosts, provider)
    headers = dict(request.headers)
    if request.idempotency_key and provider.idempotency["argument"] not in arguments:
        headers[provider.idempotency["header"]] = "(made when it is sent)"
    body = {} if request.content is None else {"body": from_json(request.content)}
    return {"method": request.method, "url": request.url, "headers": headers, **body}


def _path(tool: Tool, arguments: JSON) -> str:
    template = tool.endpoint.path
    for name, otherwise in tool.endpoint.path_without.items():
        if name not in arguments:
            template = otherwise
    parts = {
        name: quote(str(arguments[name]), safe="")
        for name in tool.endpoint.path_names
        if name in arguments
    }
    return template.format_map(parts)


def _query(tool: Tool, arguments: JSON, page_token: str | None) -> str:
    pairs = {name: _text(arguments[name]) for name in tool.endpoint.query if name in arguments}
    if page_token and tool.endpoint.page:
        pairs[tool.endpoint.page] = page_token
    return f"?{urlencode(pairs, quote_via=quote)}" if pairs else ""


def _text(value: Any) -> str:
    """A value as a query has it; JSON may write a whole number as 20.0, a query may not."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
