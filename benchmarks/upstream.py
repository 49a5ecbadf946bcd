"""A stand-in for the API that costs next to nothing: two fixed answers over kept-alive HTTP/1.1."""

import asyncio
import sys

QUOTAS = (
    b'{"session_quota":{"usage":"48120","limit":"100000","period_start":"2026-09-01T00:00:00Z",'
    b'"period_end":"2026-10-01T00:00:00Z"},"server_event_quota":{"usage":"20514","limit":"1000000",'
    b'"period_start":"2026-09-01T00:00:00Z","period_end":"2026-10-01T00:00:00Z"}}'
)
ME = b'{"email":"dev@example.com","orgId":"1B2C3D","role":"ADMIN"}'


def _answer(body: bytes) -> bytes:
    return (
        b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: "
        + str(len(body)).encode()
        + b"\r\n\r\n"
        + body
    )


class Api(asyncio.Protocol):
    """Answers each request as soon as its head is whole; requests here have no body."""

    def __init__(self) -> None:
        self._buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Remembers where to write."""
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Answers every whole head in what has come."""
        self._buffer += data
        while (end := self._buffer.find(b"\r\n\r\n")) >= 0:
            head, self._buffer = self._buffer[:end], self._buffer[end + 4 :]
            body = ME if head.startswith(b"GET /me") else QUOTAS
            self._transport.write(_answer(body))  # type: ignore[attr-defined]


async def main() -> None:
    """Serves until killed; prints the port."""
    server = await asyncio.get_running_loop().create_server(Api, "127.0.0.1", 0)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
