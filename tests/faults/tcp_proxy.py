"""A TCP proxy in a thread of its own that delays, cuts and resets what the server answers."""

from __future__ import annotations

import asyncio
import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

RESET_AT_CLOSE = struct.pack("ii", 1, 0)
CHUNK = 1 << 16


class TcpProxy:
    """Stands before one server; what is set here holds for every byte that passes from then on."""

    def __init__(self, server_port: int) -> None:
        self._server_port, self.port = server_port, 0
        self.delay_seconds = 0.0
        """Every answer is held back so long."""
        self.cut_after_bytes: int | None = None
        """The next answer ends after so many bytes with a reset; then it is None again."""
        self.stalls_after_bytes: int | None = None
        """The next answer stops after so many bytes, and the connection stays open."""
        self.refuses = False
        """New connections are reset at once."""
        self.connections = 0

    @contextmanager
    def running(self) -> Iterator[TcpProxy]:
        """The proxy, listening on its `port`."""
        loop = asyncio.new_event_loop()
        thread = threading.Thread(target=loop.run_forever, daemon=True)
        thread.start()
        server = asyncio.run_coroutine_threadsafe(self._listen(), loop).result()
        try:
            self.port = server.sockets[0].getsockname()[1]
            yield self
        finally:
            asyncio.run_coroutine_threadsafe(self._close(server), loop).result()
            loop.call_soon_threadsafe(loop.stop)
            thread.join()
            loop.close()

    async def _listen(self) -> asyncio.Server:
        return await asyncio.start_server(self._serve, "127.0.0.1", 0)

    async def _close(self, server: asyncio.Server) -> None:
        server.close()
        tasks = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _serve(self, client: asyncio.StreamReader, back: asyncio.StreamWriter) -> None:
        self.connections += 1
        if self.refuses:
            _reset(back)
            return
        server, forth = await asyncio.open_connection("127.0.0.1", self._server_port)
        ways = [
            asyncio.ensure_future(_copy(client, forth)),
            asyncio.ensure_future(self._answer(server, back)),
        ]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            forth.transport.abort()
            back.transport.abort()

    async def _answer(self, server: asyncio.StreamReader, back: asyncio.StreamWriter) -> None:
        """Answers in order, each delayed from its own arrival."""
        loop = asyncio.get_running_loop()
        queue: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()

        async def arrivals() -> None:
            while data := await server.read(CHUNK):
                queue.put_nowait((loop.time() + self.delay_seconds, data))
            queue.put_nowait((loop.time(), b""))

        reading = asyncio.ensure_future(arrivals())
        try:
            while True:
                due, data = await queue.get()
                await asyncio.sleep(max(0.0, due - loop.time()))
                if not data or not await self._pass_on(data, back):
                    return
        finally:
            reading.cancel()

    async def _pass_on(self, data: bytes, back: asyncio.StreamWriter) -> bool:
        """Whether the connection goes on."""
        if self.cut_after_bytes is not None:
            count, self.cut_after_bytes = self.cut_after_bytes, None
            back.write(data[:count])
            _reset(back)
            return False
        if self.stalls_after_bytes is not None:
            count, self.stalls_after_bytes = self.stalls_after_bytes, None
            back.write(data[:count])
            await asyncio.Event().wait()
        back.write(data)
        await back.drain()
        return True


async def _copy(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    with suppress(ConnectionError):
        while data := await source.read(CHUNK):
            target.write(data)
            await target.drain()


def _reset(writer: asyncio.StreamWriter) -> None:
    """Close with RST instead of FIN."""
    connection = writer.get_extra_info("socket")
    if connection is not None:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_AT_CLOSE)
    writer.transport.abort()
