"""An installation on test hosts (dev/hosts), with guests that people can log in to from their PM."""
import json
import os
import subprocess
import urllib.error
import urllib.request
from pathlib import Path

from installation import ROOT, Installation, say


class Hosts:
    """Test hosts of this program's own; taken down at the end, however it ends."""

    def __init__(self, count, spec, folder):
        self.count = count
        self.environment = {**os.environ, "HVC_HOSTS_DIR": str(folder / "hosts")}
        self.dev("up", str(count), "--spec", spec, "--owner", str(os.getpid()))
        self.environment["PATH"] = f"{folder}/hosts/bin:{os.environ['PATH']}"

    def dev(self, *words, data=None, limit=120):
        words = [str(ROOT / "dev/hosts"), *words]
        run = subprocess.run(
            words, env=self.environment, input=data, stdin=None if data else subprocess.DEVNULL, capture_output=True, text=True, timeout=limit
        )
        if run.returncode:
            raise RuntimeError(f"{' '.join(words[1:4])} …: {(run.stdout + run.stderr).strip()[-2000:]}")
        return run.stdout

    def run(self, host, *words, data=None, limit=120):
        return self.dev("exec", str(host), *words, data=data, limit=limit)

    def virsh(self, host, *words, **more):
        return self.run(host, "virsh", "-q", "-c", "qemu:///system", *words, **more)

    def console(self, host, domain):
        path = Path(self.environment["HVC_HOSTS_DIR"]) / f"h{host}/libvirt-log/qemu/{domain}-console.log"
        return path.read_text(errors="replace") if path.exists() else ""

    def address(self, host):
        return self.dev("address", str(host)).strip()

    def give_key(self, host):
        """Makes a key that is this host's alone, as a person on that PM would; the public half."""
        self.run(host, "bash", "-c", "[ -e /root/guest_key ] || ssh-keygen -q -t ed25519 -N '' -C guest-test -f /root/guest_key")
        return self.run(host, "cat", "/root/guest_key.pub").strip()

    def ssh(self, host, login, *words, limit=60):
        """Runs a command in a guest, from its PM."""
        options = ["StrictHostKeyChecking=no", "UserKnownHostsFile=/dev/null", "LogLevel=ERROR", "BatchMode=yes", "ConnectTimeout=10"]
        flags = [flag for option in options for flag in ("-o", option)]
        return self.run(host, "ssh", "-F", "none", "-i", "/root/guest_key", *flags, login, *words, limit=limit)

    def down(self):
        self.dev("down")


class Site:
    """Redis, a gateway and workers for these hosts; the API by method calls."""

    def __init__(self, programs, hosts, image, types, workers=1, slots=8):
        self.installation = Installation(programs)
        self.hosts = hosts
        folder = self.installation.folder
        lines = [f"{hosts.address(host)} network=default overcommit_cpu=16 overcommit_ram=4 overcommit_disk=4" for host in range(1, hosts.count + 1)]
        (folder / "pm_file").write_text("\n".join(lines) + "\n")
        (folder / "image_file").write_text(f"{image}\n")
        (folder / "flavor_file").write_text(json.dumps({"types": types}))
        self.settings = {"HVC_PM_FILE": folder / "pm_file", "HVC_IMAGE_FILE": folder / "image_file"}
        self.settings |= {"HVC_FLAVOR_FILE": folder / "flavor_file", "PATH": hosts.environment["PATH"], "HVC_SLOTS": slots}
        self.workers = workers

    def start(self):
        self.installation.start_redis()
        self.port = self.installation.start_gateway(wait=120)
        for number in range(1, self.workers + 1):
            self.installation.start_worker(f"worker-{number}", **self.settings)
        for pm in range(1, self.hosts.count + 1):
            self.installation.until(f"PM {pm} to be up", 60, lambda pm=pm: self.installation.redis("HGET", f"hvc:pm:{pm}", "state") == "up")

    def call(self, method, path, body=None, limit=180):
        """The answer's body; a refusal is an error with its words."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", data, {"Content-Type": "application/json"}, method=method)
        try:
            with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=limit) as answer:
                return json.loads(answer.read() or b"null")
        except urllib.error.HTTPError as error:
            raise RuntimeError(f"{method} {path}: {error.code} {error.read().decode(errors='replace')[:2000]}") from error

    def domain(self, vm):
        return self.installation.redis("HGET", f"hvc:vm:{vm}", "domain")

    def host(self, vm):
        """PMs have the hosts' numbers."""
        return int(self.installation.redis("HGET", f"hvc:vm:{vm}", "pm"))

    def end(self, keeps):
        self.installation.end(keeps)


def tiny_image(folder):
    """The image that bin/install.sh builds."""
    path = folder / "tiny.qcow2"
    subprocess.run([str(ROOT / "deploy/guest/build.sh"), str(path)], check=True, timeout=300)
    return path


def debian_image():
    """Debian 12 with its cloud-init; built once, which takes three minutes."""
    path = Path(os.environ.get("HVC_CACHE_DIR", ROOT / "var/cache")) / "guest/debian-12.qcow2"
    log = path.with_suffix(".log")
    path.parent.mkdir(parents=True, exist_ok=True)
    say("Debian image: built where it is not there yet, which takes three minutes …")
    with open(log, "wb") as output:
        words = [str(ROOT / "dev/lib/guest/debian-image.sh"), str(path)]
        if subprocess.run(words, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, timeout=900).returncode:
            raise RuntimeError(f"the Debian image was not built; see {log}")
    return path
