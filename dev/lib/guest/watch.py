"""Runs on a test host: says when each of its guests got its address and when its ssh server answered.

Standard input has a line a guest, `NAME MAC`, at any time; its end ends the program. Printed are `NAME address TIME IP` and `NAME
ssh TIME`, in seconds since 1970.
"""
import socket
import subprocess
import sys
import threading
import time

EVERY = 0.25


def leases():
    """Addresses by MAC, as the host's libvirt knows them; one call for all guests."""
    words = ["virsh", "-q", "-c", "qemu:///system", "net-dhcp-leases", "default"]
    lines = subprocess.run(words, capture_output=True, text=True, stdin=subprocess.DEVNULL).stdout.splitlines()
    return {fields[2]: fields[4].split("/")[0] for fields in map(str.split, lines) if len(fields) > 4}


def tell(*words):
    print(*words, flush=True)


def watch_banner(name, address):
    while True:
        try:
            with socket.create_connection((address, 22), timeout=5) as connection:
                if connection.recv(4).startswith(b"SSH-"):
                    return tell(name, "ssh", time.time())
        except OSError:
            pass
        time.sleep(EVERY)


def read_names(names, ended):
    for line in sys.stdin:
        name, mac = line.split()
        names[mac] = name
    ended.set()


def main():
    names, ended = {}, threading.Event()
    threading.Thread(target=read_names, args=(names, ended), daemon=True).start()
    while not ended.wait(EVERY):
        for mac, address in leases().items():
            if name := names.pop(mac, None):
                tell(name, "address", time.time(), address)
                threading.Thread(target=watch_banner, args=(name, address), daemon=True).start()


main()
