"""A Service of the cluster: one address that spreads connections over the endpoints that are ready."""

import asyncio
import itertools
import threading


class Forward:
    def __init__(self, port: int):
        self.port, self.endpoints, self.turn, self.open = port, [], itertools.count(), set()
        self.loop = asyncio.new_event_loop()
        threading.Thread(target=self.loop.run_forever, daemon=True).start()
        asyncio.run_coroutine_threadsafe(asyncio.start_server(self.serve, "127.0.0.1", port), self.loop).result(5)

    def set(self, endpoints: list[int]):
        self.endpoints = list(endpoints)
        if not endpoints:
            # A network that is cut takes the open connections along.
            self.loop.call_soon_threadsafe(lambda: [writer.close() for writer in self.open])

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter):
        endpoints = self.endpoints
        try:
            if not endpoints:
                return
            up_reader, up_writer = await asyncio.open_connection("127.0.0.1", endpoints[next(self.turn) % len(endpoints)])
            self.open |= {writer, up_writer}
            await asyncio.gather(self.copy(reader, up_writer), self.copy(up_reader, writer))
        except OSError:
            pass
        finally:
            self.open.discard(writer)
            writer.close()

    @staticmethod
    async def copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter):
        try:
            while data := await reader.read(65536):
                writer.write(data)
                await writer.drain()
        except OSError:
            pass
        finally:
            writer.close()
