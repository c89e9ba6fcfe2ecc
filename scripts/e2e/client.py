"""A browser behind the load balancer: TCP, the PROXY header that the load balancer adds, TLS, HTTP/1.1."""

import asyncio
import json
import ssl
from dataclasses import dataclass, field


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    def json(self):
        return json.loads(self.body)


@dataclass
class Browser:
    """One connection. `address` is the client's, as the load balancer reports it."""

    port: int
    host: str
    address: str
    trust: ssl.SSLContext | None = None
    reader: asyncio.StreamReader | None = field(default=None, repr=False)
    writer: asyncio.StreamWriter | None = field(default=None, repr=False)

    async def open(self, source: str = "127.0.0.1"):
        self.reader, self.writer = await asyncio.open_connection("127.0.0.1", self.port, local_addr=(source, 0))
        if self.address:
            self.writer.write(f"PROXY TCP4 {self.address} 127.0.0.1 40000 {self.port}\r\n".encode())
        if self.trust:
            await self.writer.start_tls(self.trust, server_hostname=self.host)
        return self

    async def request(self, method: str, path: str, body=None, headers: dict[str, str] | None = None) -> Answer:
        data = b"" if body is None else json.dumps(body).encode()
        lines = {"Host": self.host, "User-Agent": "e2e", "Accept": "*/*", **(headers or {})}
        if body is not None:
            lines |= {"Content-Type": "application/json", "Content-Length": str(len(data))}
        head = f"{method} {path} HTTP/1.1\r\n" + "".join(f"{key}: {value}\r\n" for key, value in lines.items()) + "\r\n"
        self.writer.write(head.encode() + data)
        await self.writer.drain()
        return await asyncio.wait_for(self.answer(method), 20)

    async def answer(self, method: str) -> Answer:
        head = (await self.reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        status = int(head[0].split()[1])
        headers = {key.lower(): value.strip() for key, _, value in (line.partition(":") for line in head[1:] if line)}
        body = b""
        if method == "HEAD" or status in (204, 304):
            pass
        elif headers.get("transfer-encoding") == "chunked":
            while size := int((await self.reader.readline()).split(b";")[0], 16):
                body += await self.reader.readexactly(size)
                await self.reader.readline()
            await self.reader.readline()
        else:
            body = await self.reader.readexactly(int(headers.get("content-length", 0)))
        return Answer(status, headers, body)

    def close(self):
        if self.writer:
            self.writer.close()


async def fetch(browser: Browser, method: str, path: str, body=None, headers: dict[str, str] | None = None) -> Answer:
    """One request on a connection of its own."""
    await browser.open()
    try:
        return await browser.request(method, path, body, headers)
    finally:
        browser.close()
