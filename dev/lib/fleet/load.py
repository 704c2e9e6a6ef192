"""Creates over HTTP, some at once, each caller over a connection that stays open."""
import asyncio
import json
import time


class Load:
    """The creates: when each was sent, how long its answer took, and what that was."""

    def __init__(self, port, count, at_once):
        self.port, self.count, self.at_once = port, count, at_once
        self.next = 0
        # By VM: when its create was sent, in seconds since 1970.
        self.sent = {}
        self.answers = []
        self.codes = {}

    def run(self):
        """How many seconds it took."""
        began = time.monotonic()
        asyncio.run(self.all())
        return time.monotonic() - began

    async def all(self):
        await asyncio.gather(*(self.caller() for _ in range(self.at_once)), self.progress())

    async def progress(self):
        said = 0
        while len(self.answers) < self.count:
            await asyncio.sleep(1)
            said += 1
            if said % 10 == 0:
                print(f"          … {len(self.answers)} of {self.count} answers", flush=True)

    async def caller(self):
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        while self.next < self.count:
            self.next += 1
            path = f"/vm/create?name=load-{self.next}&instance_type=1&image_id=100"
            sent, began = time.time(), time.monotonic()
            writer.write(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
            status, code, body = await self.answer(reader)
            self.answers.append(time.monotonic() - began)
            word = f"{status} {code}".strip()
            self.codes[word] = self.codes.get(word, 0) + 1
            vm = json.loads(body)["vmid"]
            if vm > 0:
                self.sent[vm] = sent
        writer.close()

    @staticmethod
    async def answer(reader):
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        fields = dict(line.lower().split(": ", 1) for line in head[1:] if line)
        body = await reader.readexactly(int(fields["content-length"]))
        return int(head[0].split()[1]), fields.get("x-hvc-code", ""), body
