"""The parts of an installation of its own: Redis, gateway, workers; and what they cost."""
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from redis_client import Redis

ROOT = Path(__file__).resolve().parents[2]

BEGAN = time.monotonic()


def say(text):
    print(f"{time.monotonic() - BEGAN:7.1f} s  {text}", flush=True)


class Installation:
    """Starts the parts, each with a log of its own; ends them and removes their folder."""

    def __init__(self, programs):
        self.programs = programs
        self.folder = Path(tempfile.mkdtemp(prefix="fleet."))
        self.parts = {}
        self.redis = None

    def start(self, name, words, **settings):
        environment = {key: value for key, value in os.environ.items() if not key.startswith("HVC_")}
        environment.update(HVC_REDIS_URL=f"unix://{self.folder}/redis.sock", HVC_LOG_LEVEL="notice")
        environment.update({key: str(value) for key, value in settings.items()})
        with open(self.folder / f"{name}.log", "wb") as log:
            self.parts[name] = subprocess.Popen(
                words, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT
            )

    def start_redis(self):
        # As bin/up.sh runs it; what is slow is kept for the report.
        conf, options = ROOT / "bin/lib/redis.conf", {"dir": self.folder, "unixsocket": "redis.sock"}
        options |= {"slowlog-log-slower-than": 10_000, "slowlog-max-len": 10_000}
        words = [str(word) for name, value in options.items() for word in (f"--{name}", value)]
        self.start("redis", ["redis-server", str(conf), *words])
        self.until("redis to answer", 30, lambda: (self.folder / "redis.sock").exists())
        self.redis = Redis(str(self.folder / "redis.sock"))
        self.until("redis to be ready", 30, self.is_redis_ready)

    def is_redis_ready(self):
        try:
            return self.redis("PING") == "PONG"
        except RuntimeError as error:
            # It reads its data first.
            if "LOADING" in str(error):
                return False
            raise

    def start_gateway(self, wait, **settings):
        """Starts the gateway; its port."""
        self.start("gateway", [str(self.programs / "hvc-gateway")], HVC_PORT=0, HVC_WAIT=wait, **settings)
        return int(self.word_of("gateway", "listening address="))

    def start_worker(self, name, **settings):
        # cli; hlt; jmp to the hlt, and the mark by which a BIOS knows a boot sector.
        image = self.folder / "halt.img"
        image.write_bytes(b"\xfa\xf4\xeb\xfd" + bytes(506) + b"\x55\xaa" + bytes((1 << 20) - 512))
        (self.folder / "images").write_text(f"{image}\n")
        (self.folder / "types").write_text('{"types": [{"cpu": 1, "ram": 512, "disk": 1}]}')
        files = {"HVC_IMAGE_FILE": self.folder / "images", "HVC_FLAVOR_FILE": self.folder / "types"}
        self.start(name, [str(self.programs / "hvc-worker")], **{"HVC_WORKER_NAME": name, **files, **settings})
        self.until(f"{name} to be at work", 120, lambda: "at work" in self.log(name))

    def is_quiet(self):
        """Whether no job is queued, under way or deferred."""
        queues = ("hvc:queue", "hvc:queue:returned", "hvc:queue:direct")
        return not any(self.redis.many([("EXISTS", *queues), ("ZCARD", "hvc:leases"), ("ZCARD", "hvc:delayed")]))

    def log(self, name):
        return (self.folder / f"{name}.log").read_text(errors="replace")

    def word_of(self, name, mark):
        self.until(f"'{mark}' of {name}", 30, lambda: mark in self.log(name))
        line = next(line for line in self.log(name).splitlines() if mark in line)
        return line.split(mark)[1].split()[0].rsplit(":", 1)[1]

    def until(self, what, limit, test, every=0.05):
        end = time.monotonic() + limit
        while not test():
            self.check()
            if time.monotonic() > end:
                raise TimeoutError(f"waited {limit} s for {what}")
            time.sleep(every)

    def check(self):
        for name, part in self.parts.items():
            if part.poll() is not None:
                raise RuntimeError(f"{name} ended with status {part.returncode}: {self.log(name)[-2000:]}")

    def cost(self, name):
        """Memory in MiB now and at most, and CPU seconds so far."""
        process = Path(f"/proc/{self.parts[name].pid}")
        rollup = dict(line.split(":", 1) for line in (process / "smaps_rollup").read_text().splitlines()[1:])
        status = dict(line.split(":", 1) for line in (process / "status").read_text().splitlines() if ":" in line)
        rss, pss, peak = (int(text.split()[0]) / 1024 for text in (rollup["Rss"], rollup["Pss"], status["VmHWM"]))
        times = (process / "stat").read_text().rsplit(")", 1)[1].split()
        return rss, pss, peak, (int(times[11]) + int(times[12])) / os.sysconf("SC_CLK_TCK")

    def commands(self):
        """How often Redis ran each command so far, those within scripts too."""
        lines = (line[8:].split(":calls=") for line in self.redis("INFO", "commandstats").splitlines()[1:])
        return {name: int(figures.split(",")[0]) for name, figures in lines}

    def handles(self, name):
        """Descriptors and threads."""
        process = Path(f"/proc/{self.parts[name].pid}")
        return len(list((process / "fd").iterdir())), len(list((process / "task").iterdir()))

    def audit(self):
        """The last line of hvc-worker audit."""
        environment = {**os.environ, "HVC_REDIS_URL": f"unix://{self.folder}/redis.sock"}
        words = [str(self.programs / "hvc-worker"), "audit"]
        run = subprocess.run(words, env=environment, capture_output=True, text=True, timeout=1800)
        lines = (run.stdout + run.stderr).strip().splitlines() or [""]
        return run.returncode, lines

    def end(self, keeps):
        for part in self.parts.values():
            part.kill()
        for part in self.parts.values():
            part.wait()
        if keeps:
            say(f"files are left in {self.folder}")
        else:
            shutil.rmtree(self.folder, ignore_errors=True)


def find_programs(folder):
    """The folder with our programs: the newer of the two builds, where none is named."""
    folders = [Path(folder)] if folder else [ROOT / ".build/release", ROOT / ".build-debug/debug"]
    built = [each for each in folders if (each / "hvc-worker").exists() and (each / "hvc-gateway").exists()]
    if not built:
        sys.exit("hvc-gateway and hvc-worker are not built; run: make build")
    return max(built, key=lambda each: (each / "hvc-worker").stat().st_mtime)
