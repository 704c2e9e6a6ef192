"""A client that behaves: asks, reads the answer, and asks again over a new connection now and then."""
import http.client
import threading
import time

from figures import quantiles, tally


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
            times, failures = list(self.times), dict(self.failures)
        failed = f", {tally(failures)}" if failures else ""
        if not times:
            return f"a healthy client got no answer{failed}"
        return f"a healthy client: {quantiles(times, p50=0.5, p99=0.99)}, {len(times)} served{failed}"
