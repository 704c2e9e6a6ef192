"""Creates and destroys VMs over the API, and holds the API to what it acknowledged.

load.py --url URL --log FILE --keep N      makes N VMs that stay
load.py --url URL --log FILE --pairs N     makes and destroys N VMs
load.py --url URL --log FILE --drain       destroys all VMs that there are

Whatever is refused or not answered is asked again. FILE gets a line of JSON a VM. The last line printed is a summary.
"""
import argparse
import http.client
import json
import random
import sys
import threading
import time
import urllib.parse
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.dont_write_bytecode = True

from figures import tally  # noqa: E402 - found by the line above

# For how long one VM may be asked for again and again.
WAIT_S = 600.0


class Api:
    """Calls of the gateway; one that was killed is waited for."""

    def __init__(self, url):
        self.host = urllib.parse.urlsplit(url).netloc
        self.lost = 0

    def ask(self, path):
        """Status, body and code of one call; None where there was no answer, so that nobody knows what came of it."""
        connection = http.client.HTTPConnection(self.host, timeout=120)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, answer.read().decode(), answer.getheader("X-HVC-Code", "")
        except (OSError, http.client.HTTPException):
            self.lost += 1
            return None
        finally:
            connection.close()

    def until_answered(self, path):
        end = time.monotonic() + WAIT_S
        while time.monotonic() < end:
            answer = self.ask(path)
            if answer is not None and answer[0] != 503:
                return answer
            time.sleep(0.2)
        raise TimeoutError(f"{path} had no answer for {WAIT_S} s")


class Twins(threading.Thread):
    """Checks all the time whether two guests of one VM run: all hosts' processes are seen from here."""

    def __init__(self):
        super().__init__(daemon=True)
        self.found = {}

    def run(self):
        while True:
            guests = {}
            for entry in Path("/proc").glob("[0-9]*/cmdline"):
                try:
                    words = entry.read_bytes().split(b"\0")
                except OSError:
                    continue
                if words[0].endswith(b"qemu-system-x86_64") and len(words) > 2 and words[2].startswith(b"guest=hvc-"):
                    guests.setdefault(words[2].split(b",")[0].decode(), []).append(int(entry.parent.name))
            for guest, processes in guests.items():
                if len(processes) > 1:
                    self.found[guest] = processes
            time.sleep(0.5)


class Load:
    def __init__(self, options):
        self.api = Api(options.url)
        self.log = open(options.log, "a", buffering=1)
        self.lock = threading.Lock()
        self.refused = {}
        self.late = 0

    def create(self, name):
        """The number of a VM whose create was acknowledged, and the status that said so."""
        end = time.monotonic() + WAIT_S
        path = "/vm/create?" + urllib.parse.urlencode({"name": name, "instance_type": 1, "image_id": 100})
        while time.monotonic() < end:
            answer = self.api.ask(path)
            if answer is not None:
                status, body, code = answer
                vm = json.loads(body)["vmid"]
                if vm > 0:
                    return vm, status
                with self.lock:
                    self.refused[code] = self.refused.get(code, 0) + 1
            time.sleep(0.5)
        raise TimeoutError(f"no create of {name} was taken for {WAIT_S} s")

    def destroy(self, vm):
        """The status that acknowledged the destroy."""
        end = time.monotonic() + WAIT_S
        while time.monotonic() < end:
            answer = self.api.ask(f"/vm/destroy?vmid={vm}")
            if answer is not None:
                status, body, code = answer
                # After an answer that was lost the VM may be destroyed, or its destroy under way.
                if json.loads(body)["status"] == 1 or code in ("unknown_vm", "already_destroying"):
                    return status
                with self.lock:
                    self.refused[code] = self.refused.get(code, 0) + 1
            time.sleep(0.5)
        raise TimeoutError(f"no destroy of VM {vm} was taken for {WAIT_S} s")

    def is_known(self, vm):
        return self.api.until_answered(f"/vm/query?vmid={vm}")[1] != "0"

    def made(self, name):
        """A VM of which the API said that it runs, or that its create goes on."""
        vm, status = self.create(name)
        if status == 202:
            with self.lock:
                self.late += 1
        elif not self.is_known(vm):
            raise AssertionError(f"VM {vm} runs, said the answer, and a moment later nobody knows it")
        return vm, status

    def pair(self, number, pause):
        vm, created = self.made(f"soak-{number}")
        time.sleep(pause)
        destroyed = self.destroy(vm)
        self.write({"pair": number, "vm": vm, "create": created, "destroy": destroyed})

    def keeper(self, number):
        while True:
            vm, created = self.made(f"stays-{number}")
            if created == 200:
                return self.write({"keeper": number, "vm": vm})

    def drain(self, vms):
        for vm in vms:
            self.write({"vm": vm, "destroy": self.destroy(vm)})

    def write(self, line):
        with self.lock:
            self.log.write(json.dumps(line) + "\n")

    def all_vms(self):
        vms = set()
        for pm in json.loads(self.api.until_answered("/pm/list")[1])["pmids"]:
            vms.update(json.loads(self.api.until_answered(f"/pm/listvms?pmid={pm}")[1])["vmids"])
        return sorted(vms)


def run(options):
    load, twins = Load(options), Twins()
    twins.start()
    chance = random.Random(options.seed)
    with ThreadPoolExecutor(options.parallel) as pool:
        if options.drain:
            vms = load.all_vms()
            work = [pool.submit(load.drain, [vm]) for vm in vms]
        elif options.keep:
            work = [pool.submit(load.keeper, number) for number in range(options.keep)]
        else:
            work = [pool.submit(load.pair, number, chance.uniform(0, 6)) for number in range(options.pairs)]
        faults = [fault for fault in (each.exception() for each in work) if fault]
    for fault in faults[:5]:
        print(f"WRONG: {fault!r}")
    for guest, processes in twins.found.items():
        print(f"WRONG: two guests of one VM ran at once: {guest}, processes {processes}")
    refused = tally(load.refused) or "none"
    print(f"{len(work)} done, {load.api.lost} calls without an answer, {load.late} answers before the end, refused: {refused}")
    return 1 if faults or twins.found else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--url", required=True)
    parser.add_argument("--log", required=True)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--parallel", type=int, default=8)
    parser.add_argument("--pairs", type=int, default=0)
    parser.add_argument("--keep", type=int, default=0)
    parser.add_argument("--drain", action="store_true")
    sys.exit(run(parser.parse_args()))


main()
