"""Steady load through Traefik while something happens; every answer that is not the expected one counts."""

import asyncio
import itertools
import random
import threading
import time
from collections import Counter
from dataclasses import dataclass, field

from client import Browser


@dataclass
class Request:
    host: str
    method: str
    path: str
    body: dict | None = None
    headers: dict[str, str] = field(default_factory=dict)
    # What must be in the answer: a 200 with an error in it is no success.
    contains: bytes = b""


class Load:
    """`workers` connections, each about `rate` requests a second; new connections and kept ones both."""

    def __init__(self, port: int, trust, requests: list[Request], workers: int = 12, rate: float = 10.0):
        self.port, self.trust, self.requests, self.workers, self.rate = port, trust, requests, workers, rate
        self.failures: list[str] = []
        self.sent: Counter = Counter()
        self.latencies: list[float] = []
        self.stopping = False
        # Requests that were sent and not answered yet.
        self.running = 0
        self.addresses = itertools.count(random.randrange(1 << 15))

    def __enter__(self):
        self.thread = threading.Thread(target=lambda: asyncio.run(self.run()), daemon=True)
        self.begun = time.monotonic()
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.stopping = True
        self.thread.join(60)
        self.seconds = time.monotonic() - self.begun

    async def run(self):
        await asyncio.gather(*(self.worker(number) for number in range(self.workers)))

    async def worker(self, number: int):
        await asyncio.sleep(number / self.workers / self.rate)
        mine = itertools.cycle(self.requests[number % len(self.requests):] + self.requests[:number % len(self.requests)])
        browsers: dict[str, Browser] = {}
        uses: Counter = Counter()
        while not self.stopping:
            request = next(mine)
            begun = time.monotonic()
            self.running += 1
            try:
                browser = browsers.get(request.host)
                # Each address sends a few requests, as many clients do: no limit is reached.
                if browser is None or uses[request.host] >= 12:
                    if browser:
                        browser.close()
                    address = next(self.addresses)
                    browser = Browser(self.port, request.host, f"198.18.{address >> 8 & 255}.{address & 255}", self.trust)
                    browsers[request.host], uses[request.host] = await browser.open(), 0
                uses[request.host] += 1
                answer = await browser.request(request.method, request.path, request.body, request.headers)
                self.sent[request.host] += 1
                if answer.status != 200 or request.contains not in answer.body:
                    self.failures.append(f"{request.method} {request.host}{request.path}: {answer.status} {answer.body[:160]!r}")
                if answer.headers.get("connection") == "close":
                    browsers.pop(request.host).close()
            except (OSError, EOFError, asyncio.TimeoutError, asyncio.IncompleteReadError) as error:
                self.failures.append(f"{request.method} {request.host}{request.path}: {type(error).__name__} {error}")
                browsers.pop(request.host, None)
            self.running -= 1
            self.latencies.append(time.monotonic() - begun)
            await asyncio.sleep(max(0.0, 1 / self.rate - (time.monotonic() - begun)))
        for browser in browsers.values():
            browser.close()

    def summary(self) -> str:
        ordered = sorted(self.latencies)
        total = sum(self.sent.values())
        return (f"{total} requests in {self.seconds:.0f} s ({total / self.seconds:.0f}/s), {len(self.failures)} failed, "
                f"p50 {ordered[len(ordered) // 2] * 1000:.0f} ms, p99 {ordered[int(len(ordered) * 0.99)] * 1000:.0f} ms")
