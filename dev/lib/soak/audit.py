"""Checks whether the records in Redis agree with each other, with the events and with the hosts.

audit.py --socket PATH --hosts N --program dev/hosts [--keepers FILE] [--pairs FILE] [--empty]

Prints a line "WRONG: …" for each thing that is not as the invariants of docs/faults.md have it, and a summary. It reads
Redis by itself, with none of our programs' code, so that both do not err alike.
"""
import argparse
import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

# All keys with all that is in them, at one moment.
DUMP = """
local all = {}
for _, key in ipairs(redis.call('KEYS', ARGV[1] .. '*')) do
  local kind = redis.call('TYPE', key).ok
  local read = {hash = {'HGETALL', key}, list = {'LRANGE', key, 0, -1}, set = {'SMEMBERS', key},
    zset = {'ZRANGE', key, 0, -1, 'WITHSCORES'}, string = {'GET', key}, stream = {'XRANGE', key, '-', '+'}}
  all[key] = {kind, redis.call(unpack(read[kind]))}
end
return cjson.encode(all)
"""

RESOURCES = ("cpu", "ram", "disk")
ENDED = ("done", "failed", "dead")


def pairs(flat):
    return dict(zip(flat[::2], flat[1::2]))


class Audit:
    def __init__(self, options):
        self.options = options
        self.wrong = []
        out = subprocess.run(
            ["redis-cli", "-s", options.socket, "EVAL", DUMP, "0", "hvc:"], check=True, capture_output=True, text=True
        ).stdout
        self.keys = {
            key: pairs(value) if kind in ("hash", "zset") else value for key, (kind, value) in json.loads(out).items()
        }
        self.jobs = self.records("job")
        self.vms = self.records("vm")
        self.pms = self.records("pm")

    def records(self, kind):
        """Hashes by number: hvc:vm:7 and the like."""
        found = {}
        for key, value in self.keys.items():
            words = key.split(":")
            if len(words) == 3 and words[1] == kind and words[2].isdigit():
                found[words[2]] = value
        return found

    def complain(self, text):
        self.wrong.append(text)

    def lists(self, middle):
        """Lists and sets by the word in their middle or at their end."""
        return {key: value for key, value in self.keys.items() if f":{middle}" in key}

    # I1
    def claims(self):
        for pm, record in self.pms.items():
            claims = self.keys.get(f"hvc:pm:{pm}:claims", {})
            members = {consumer[3:] for consumer in claims if consumer.startswith("vm:")}
            placed = {vm for vm, each in self.vms.items() if each.get("pm") == pm}
            if members != placed:
                self.complain(f"PM {pm} holds room for VMs {sorted(members)}, and the records say {sorted(placed)}")
            if int(record.get("vms", 0)) != len(members):
                self.complain(f"PM {pm} counts {record.get('vms')} VMs and has {len(members)}")
            for resource in RESOURCES:
                claimed = int(record.get(f"claimed_{resource}", 0))
                needed = sum(int(self.vms[vm][resource]) for vm in members if vm in self.vms)
                held = sum(int(amount.split(",")[RESOURCES.index(resource)]) for amount in claims.values())
                limit = int(int(record.get(resource, 0)) * float(record.get(f"overcommit_{resource}", 1)) + 1e-9)
                if not claimed == held == needed or claimed > limit:
                    self.complain(f"PM {pm}: {resource} claimed {claimed}, by claims {held}, needed {needed}, at most {limit}")

    # I3
    def places(self):
        where = {job: [] for job in self.jobs}
        names = ("hvc:queue", "hvc:queue:returned", "hvc:queue:direct")
        queues = {**{name: self.keys.get(name, []) for name in names}, **self.lists("processing"), **self.lists("waiting")}
        entries = [(key, line) for key, lines in queues.items() for line in lines]
        entries += [("hvc:dead", json.loads(line)["entry"]) for line in self.keys.get("hvc:dead", [])]
        for key, line in entries:
            job = str(json.loads(line)["job"])
            where.setdefault(job, []).append(key)
        for job in self.keys.get("hvc:delayed", {}):
            where.setdefault(job, []).append("hvc:delayed")
        for job, places in where.items():
            record = self.jobs.get(job)
            if record is None:
                self.complain(f"job {job} has no record and stands in {places}")
            elif record["state"] in ("done", "failed") and places:
                self.complain(f"job {job} is {record['state']} and stands in {places}")
            elif record["state"] not in ("done", "failed") and len(places) != 1:
                self.complain(f"job {job} is {record['state']} and stands in {places}")
            elif record["state"] not in ENDED:
                self.complain(f"job {job} has not ended: {record}")
        for job in self.keys.get("hvc:leases", {}):
            self.complain(f"a lease is left for job {job}")

    # I5 and I6, as far as the stream goes back.
    def order(self):
        last, active, begun, seen = 0, {}, set(), set()
        for _, fields in self.keys.get("hvc:events", []):
            event = pairs(fields)
            job, vm, kind = event.get("job"), event.get("vm"), event["type"]
            if not kind.startswith("job.") or job is None:
                continue
            if kind == "job.queued":
                seen.add(job)
            if kind == "job.started":
                if event["kind"] == "create" and job not in begun and job in seen:
                    if int(job) < last:
                        self.complain(f"create {job} was placed after create {last}")
                    last = int(job)
                begun.add(job)
                if active.get(vm, job) != job:
                    self.complain(f"jobs {active[vm]} and {job} of VM {vm} were under way at once")
                active[vm] = job
            elif active.get(vm) == job:
                del active[vm]

    def ended(self):
        """Each job of a VM that was acknowledged has ended; a create that was answered with 200 was done."""
        answered = {}
        for line in Path(self.options.pairs).read_text().splitlines():
            pair = json.loads(line)
            answered[str(pair["vm"])] = pair
        by_vm = {}
        for record in self.jobs.values():
            by_vm.setdefault(record["vm"], []).append(record)
        for vm, pair in answered.items():
            jobs = by_vm.get(vm, [])
            creates = [job["state"] for job in jobs if job["kind"] == "create"]
            if len(creates) != 1 or (pair["create"] == 200 and creates != ["done"]):
                self.complain(f"VM {vm}: its create was answered {pair['create']} and is {creates}")
            if vm in self.vms:
                self.complain(f"VM {vm} was destroyed, and its record is there: {self.vms[vm]}")
        if len(answered) == 0:
            self.complain("no pairs were written")

    # I2 and I4
    def hosts(self):
        keepers = set()
        if self.options.keepers:
            keepers = {str(json.loads(line)["vm"]) for line in Path(self.options.keepers).read_text().splitlines()}
        for vm in keepers - set(self.vms):
            self.complain(f"VM {vm} was to stay and has no record")
        homes = {}
        for host in range(1, self.options.hosts + 1):
            for pm, uri in ((2 * host - 1, "qemu:///system"), (2 * host, "test+unix:///default")):
                domains = self.virsh(host, uri, "list", "--all", "--name")
                running = self.virsh(host, uri, "list", "--name")
                pool = "default" if uri.startswith("qemu") else "default-pool"
                volumes = [line.split()[0] for line in self.virsh(host, uri, "vol-list", pool)]
                self.one_pm(str(pm), domains, set(running), volumes, homes)
        for vm in self.vms:
            # What libvirt's test driver makes goes with its libvirtd.
            if vm not in homes and int(self.vms[vm].get("pm", 0)) % 2:
                self.complain(f"VM {vm} has no domain: {self.vms[vm]}")
        for vm, places in homes.items():
            if len(places) > 1:
                self.complain(f"VM {vm} has domains on PMs {places}")

    def one_pm(self, pm, domains, running, volumes, homes):
        names = {record["domain"]: vm for vm, record in self.vms.items() if record.get("pm") == pm}
        for domain in (each for each in domains if each.startswith("hvc-")):
            homes.setdefault(domain.split("-")[1], []).append(pm)
            if domain not in names:
                self.complain(f"domain {domain} on PM {pm} has no record there")
            elif domain not in running:
                self.complain(f"domain {domain} on PM {pm} does not run")
        for volume in volumes:
            if volume.startswith("hvc-") and not volume.startswith("hvc-image-") and volume[:-6] not in names:
                self.complain(f"disk {volume} on PM {pm} has no owner")

    def virsh(self, host, uri, *words):
        command = [self.options.program, "exec", str(host), "virsh", "-q", "-c", uri, *words]
        out = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        return [line.strip() for line in out.splitlines() if line.strip()]

    def empty(self):
        if self.vms:
            self.complain(f"VMs are left: {sorted(self.vms)}")
        for pm, record in self.pms.items():
            for field in ("vms", *(f"claimed_{resource}" for resource in RESOURCES)):
                if int(record.get(field, 0)) != 0:
                    self.complain(f"PM {pm}: {field} is {record[field]} with no VM left")

    def run(self):
        self.claims()
        self.places()
        self.order()
        if self.options.pairs:
            self.ended()
        self.hosts()
        if self.options.empty:
            self.empty()
        for line in self.wrong:
            print(f"WRONG: {line}")
        states = Counter(record["state"] for record in self.jobs.values())
        crashes = sum(int(record.get("crashes", 0)) for record in self.jobs.values())
        tries = sum(int(record.get("tries", 0)) for record in self.jobs.values())
        attempts = sum(int(record.get("attempts", 0)) for record in self.jobs.values())
        print(
            f"{len(self.jobs)} jobs ({', '.join(f'{count} {state}' for state, count in sorted(states.items()))}), "
            f"{attempts} attempts, {crashes} crashes under them, {tries} deferred; {len(self.vms)} VMs"
        )


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--socket", required=True)
    parser.add_argument("--hosts", type=int, required=True)
    parser.add_argument("--program", required=True)
    parser.add_argument("--keepers")
    parser.add_argument("--pairs")
    parser.add_argument("--empty", action="store_true")
    Audit(parser.parse_args()).run()


main()
