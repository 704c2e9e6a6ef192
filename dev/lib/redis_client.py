"""A plain client of Redis over its unix socket."""
import socket


class Redis:
    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(path)
        self.reader = self.socket.makefile("rb")

    def __call__(self, *words):
        return self.many([words])[0]

    def many(self, commands):
        """The replies of many commands, sent a thousand at once."""
        replies = []
        for start in range(0, len(commands), 1000):
            part = commands[start : start + 1000]
            self.socket.sendall(b"".join(self.encoded(words) for words in part))
            replies += [self.read() for _ in part]
        return replies

    @staticmethod
    def encoded(words):
        words = [str(word).encode() for word in words]
        return b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%s\r\n" % (len(word), word) for word in words)

    def read(self):
        line = self.reader.readline()
        if not line:
            raise ConnectionError("redis closed the connection")
        kind, rest = line[:1], line[1:-2]
        if kind == b"-":
            raise RuntimeError(rest.decode())
        if kind == b"+":
            return rest.decode()
        if kind == b":":
            return int(rest)
        if int(rest) < 0:
            return None
        if kind == b"*":
            return [self.read() for _ in range(int(rest))]
        return self.reader.read(int(rest) + 2)[:-2].decode(errors="replace")
