"""Pairs of a create and its destroy over HTTP, begun at a steady rate whatever the answers take."""
import asyncio
import json
import time

from figures import quantiles, tally
from load import Load


class Pairs:
    """Runs in slices between which its caller may act; calls under way go on in the next slice."""

    # Connections at most: who waits for one is late, and that is counted.
    CONNECTIONS = 256
    # The gateway closes a connection that was idle for a minute; one that is used at that moment gets no answer.
    IDLE = 30

    def __init__(self, port, rate):
        self.port, self.rate = port, rate
        self.begun = 0
        self.times, self.codes, self.bad = [], {}, {}
        self.idle = []

    def __enter__(self):
        self.loop = asyncio.new_event_loop()
        self.free = asyncio.Semaphore(self.CONNECTIONS)
        self.tasks = set()
        self.start = time.monotonic()
        return self

    def __exit__(self, *_):
        self.loop.run_until_complete(self.finish())
        self.loop.close()

    async def finish(self):
        if self.tasks:
            await asyncio.wait(self.tasks, timeout=90)
        for _, writer, _ in self.idle:
            writer.close()

    def run_until(self, seconds):
        """Goes on until so many seconds after the begin."""
        self.loop.run_until_complete(self.slice(self.start + seconds))

    async def slice(self, end):
        while time.monotonic() < end:
            due = int((time.monotonic() - self.start) * self.rate)
            for number in range(self.begun, due):
                task = asyncio.create_task(self.pair(number))
                self.tasks.add(task)
                task.add_done_callback(self.tasks.discard)
            self.begun = due
            await asyncio.sleep(0.01)

    async def pair(self, number):
        async with self.free:
            began = time.monotonic()
            try:
                status, body = await self.call(f"/vm/create?name=pair-{number}&instance_type=1&image_id=100")
                vm = json.loads(body)["vmid"]
                self.times.append(time.monotonic() - began)
                if status == 200 and vm > 0:
                    status, _ = await self.call(f"/vm/destroy?vmid={vm}")
                word = str(status)
            except (OSError, asyncio.IncompleteReadError, ValueError, KeyError) as fault:
                word = type(fault).__name__
        self.codes[word] = self.codes.get(word, 0) + 1
        if word != "200":
            self.bad[word] = self.bad.get(word, 0) + 1

    async def call(self, path):
        reader, writer = await self.connection()
        try:
            writer.write(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
            status, _, body = await Load.answer(reader)
        except BaseException:
            writer.close()
            raise
        self.idle.append((reader, writer, time.monotonic()))
        return status, body

    async def connection(self):
        while self.idle:
            reader, writer, since = self.idle.pop()
            if time.monotonic() - since < self.IDLE:
                return reader, writer
            writer.close()
        return await asyncio.open_connection("127.0.0.1", self.port)

    def report(self):
        """How the calls since the last report went, for people."""
        times, self.times = self.times, []
        codes, self.codes = self.codes, {}
        if not times:
            return "no answer"
        return f"{tally(codes)}; create {quantiles(times, p50=0.5, p99=0.99)}; {len(self.tasks)} under way"

    def faults(self):
        return [f"{count} pairs ended with {word}" for word, count in sorted(self.bad.items())]
