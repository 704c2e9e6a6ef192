"""A client that behaves: asks, reads the answer, and asks again over a new connection now and then."""
import http.client
import math
import threading
import time


class Healthy:
    """Asks in a thread of its own until the end of the block."""

    RATE = 50
    # A connection is used so often: some of the calls must get in anew.
    REUSED = 10
    TIMEOUT = 5

    def __init__(self, port, token):
        self.port = port
        self.headers = {"Authorization": f"Bearer {token}"} if token else {}
        self.ends = threading.Event()
        self.lock = threading.Lock()
        self.thread = threading.Thread(target=self.run)
        self.reset()

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.ends.set()
        self.thread.join()

    def reset(self):
        with self.lock:
            self.times, self.failures = [], {}

    @property
    def served(self):
        return len(self.times)

    def run(self):
        connection, calls = None, 0
        while not self.ends.wait(1 / self.RATE):
            if connection is None or calls % self.REUSED == 0:
                if connection:
                    connection.close()
                connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=self.TIMEOUT)
            calls += 1
            began = time.monotonic()
            try:
                connection.request("GET", "/vm/types", headers=self.headers)
                answer = connection.getresponse()
                answer.read()
                word = None if answer.status == 200 else str(answer.status)
            except (OSError, http.client.HTTPException) as fault:
                word, connection = type(fault).__name__, None
            with self.lock:
                if word is None:
                    self.times.append(time.monotonic() - began)
                else:
                    self.failures[word] = self.failures.get(word, 0) + 1

    def report(self):
        with self.lock:
            times, failures = sorted(self.times), dict(self.failures)
        failed = "".join(f", {count} x {word}" for word, count in sorted(failures.items()))
        if not times:
            return f"a healthy client got no answer{failed}"
        p50, p99 = (times[min(len(times) - 1, math.ceil(len(times) * share) - 1)] * 1000 for share in (0.5, 0.99))
        return f"a healthy client: p50 {p50:.1f} ms, p99 {p99:.1f} ms, {len(times)} served{failed}"
