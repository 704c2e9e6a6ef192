"""One attack on the gateway at a port of loopback: attack.py PORT SECONDS KIND COUNT."""
import resource
import selectors
import socket
import sys
import time

BODY_HEAD = b"POST /v1/vms HTTP/1.1\r\nHost: localhost\r\nContent-Length: 60000\r\n\r\n"
QUERY = b"GET /vm/types HTTP/1.1\r\nHost: localhost\r\n\r\n"
CREATE = b"GET /vm/create?name=waiting&instance_type=1&image_id=100 HTTP/1.1\r\nHost: localhost\r\n\r\n"
SLOW_HEAD = b"GET /vm/types HTTP/1.1\r\nHost: localhost\r\n"
BIG_HEAD = SLOW_HEAD + (b"X-Filler: %s\r\n" % (b"x" * 1000)) * 1000
EVENTS = b"GET /v1/events HTTP/1.1\r\nHost: localhost\r\n\r\n"
PLAN = b'{"instance_type":1,"image_id":100,"count":100}'
DRY_RUN = b"POST /v1/placements:dry-run HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n%s" % (len(PLAN), PLAN)


class Attack:
    """Connections that are opened as fast as they are taken, and used by turns until the time is over."""

    # What is sent at the begin, what again each second, and whether answers are read.
    KINDS = {
        "requests": (QUERY, QUERY, True),
        "bodies": (BODY_HEAD, b"x", False),
        "callers": (CREATE, b"", True),
        "idle": (b"", b"", True),
        "events": (EVENTS, b"", True),
        "heads": (SLOW_HEAD, b"X-Slow: x\r\n", True),
        "floods": (BIG_HEAD, BIG_HEAD, True),
        "pipelines": (QUERY * 500, QUERY * 500, True),
        "unread": (DRY_RUN * 200, b"", False),
    }

    def __init__(self, port, kind, count):
        self.port, self.count = port, count
        self.first, self.again, self.reads = self.KINDS[kind]
        # One in ten readers of events never reads.
        self.deaf = count // 10 if kind == "events" else 0
        self.selector = selectors.DefaultSelector()
        self.open = {}
        self.opened = self.closed = self.answers = self.most = 0

    def run(self, seconds):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            began = time.monotonic()
            self.fill(end)
            self.most = max(self.most, len(self.open))
            for connection in list(self.open):
                self.send(connection, self.again)
            if self.reads:
                self.read()
            time.sleep(max(0.0, min(1.0, end - time.monotonic()) - (time.monotonic() - began)))
        if self.reads:
            self.read()
        print(f"           {self.opened} opened, {self.most} at once, {self.closed} closed by the gateway, {self.answers} answers", flush=True)

    def fill(self, end):
        # Those that were closed are opened once more, at most as often as there are to be.
        while len(self.open) < self.count and self.opened < 2 * self.count and time.monotonic() < end:
            try:
                connection = socket.create_connection(("127.0.0.1", self.port), timeout=0.5)
            except OSError:
                return
            connection.setblocking(False)
            self.opened += 1
            self.open[connection] = self.first
            if self.opened > self.deaf:
                self.selector.register(connection, selectors.EVENT_READ)
            self.send(connection, b"")

    def send(self, connection, more):
        data = self.open.get(connection, b"") + more
        try:
            sent = connection.send(data) if data else 0
            self.open[connection] = data[sent:]
        except BlockingIOError:
            self.open[connection] = data[: 1 << 16]
        except OSError:
            self.drop(connection)

    def read(self):
        for key, _ in self.selector.select(0):
            try:
                data = key.fileobj.recv(1 << 16)
            except BlockingIOError:
                continue
            except OSError:
                data = b""
            if data:
                self.answers += data.count(b"HTTP/1.1 ")
            else:
                self.drop(key.fileobj)

    def drop(self, connection):
        if self.open.pop(connection, None) is None:
            return
        if connection in self.selector.get_map():
            self.selector.unregister(connection)
        connection.close()
        self.closed += 1


def main():
    port, seconds, kind, count = sys.argv[1:]
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    Attack(int(port), kind, int(count)).run(int(seconds))


main()
