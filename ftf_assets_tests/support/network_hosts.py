"""Hosts on one machine: each a set of network, PID, mount and UTS namespaces on a common bridge.

A host sees no process and no socket of another one. Its file system is read-only, but for a folder in memory
of its own, so hosts share no disk: what one of them writes reaches another over the network only. They share
the kernel, the clock and the code.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import psutil

#: The folder of each host that lies in its own memory, and all that it can write to.
OWN = "/mnt"
_BEGIN = """set -e
mount --make-rprivate /
for folder in $(awk '$3 !~ /^(proc|sysfs|cgroup2?|devpts|mqueue)$/ {{print $2}}' /proc/self/mounts); do
    mount -o remount,bind,ro "$folder" || test "$folder" != /
done
mount -t tmpfs tmpfs {own}
mount -t tmpfs tmpfs /dev/shm
mkdir -m 1777 {own}/tmp {own}/home
hostname {name}
ip link set lo up
exec sleep infinity
"""
_SECONDS, _SECONDS_OF_A_COMMAND = 20.0, 120.0
#: CLONE_NEWNET of <sched.h>.
_NETWORK = 0x40000000

Result = TypeVar("Result")


def why_no_hosts() -> str | None:
    """Say why this machine cannot make hosts; None if it can."""
    if os.geteuid() != 0:
        return "namespaces need root"
    if any(shutil.which(tool) is None for tool in ("unshare", "nsenter", "ip")):
        return "unshare, nsenter and ip are not installed"
    flags = ["--net", "--pid", "--mount", "--uts", "--fork", "--mount-proc"]
    script = "mount -o remount,bind,ro / && ip link add name br0 type bridge"
    tried = subprocess.run(
        ["unshare", *flags, "sh", "-c", script], capture_output=True, text=True, check=False
    )
    return f"namespaces cannot be made here: {tried.stderr.strip()}" if tried.returncode else None


@dataclass(eq=False)
class Host:
    """A host.

    Attributes
    ----------
    name, address
        Its host name and its IP address.
    pid
        Its first process, in the numbers of this machine. All others end with it.
    environment
        Variables of everything that is started on it.
    """

    name: str
    address: str
    pid: int
    environment: dict[str, str]
    _started: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @property
    def own(self) -> Path:
        """The folder that it can write to, as this machine sees it."""
        return Path(f"/proc/{self.pid}/root{OWN}")

    @property
    def ended(self) -> list[str]:
        """What was started on it and has failed."""
        return [str(process.args) for process in self._started if process.poll() not in (None, 0)]

    def write(self, path: str, text: str) -> None:
        """Write a file, its path below the host's own folder."""
        file = self.own / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")

    def start(
        self, command: Sequence[str | Path], log: Path, *, user: str | None = None
    ) -> subprocess.Popen[bytes]:
        """Start a command on it; what it prints goes to a file of this machine."""
        inside = ["nsenter", f"--target={self.pid}", "--net", "--pid", "--mount", "--uts", f"--wdns={OWN}"]
        if user:
            inside += ["setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups"]
        with log.open("ab") as output:
            process = subprocess.Popen(
                [*inside, *map(str, command)],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=self.environment,
                start_new_session=True,
            )
        self._started.append(process)
        return process

    def run(self, command: Sequence[str | Path], log: Path, *, user: str | None = None) -> int:
        """Run a command on it to its end; give its exit code."""
        return self.start(command, log, user=user).wait(_SECONDS_OF_A_COMMAND)

    def kill(self) -> None:
        """Take the power away: every process on it ends at once, and its folders are gone."""
        os.kill(self.pid, signal.SIGKILL)
        for process in self._started:
            process.wait(_SECONDS)


@contextmanager
def network(names: Sequence[str], environment: Mapping[str, str]) -> Iterator[dict[str, Host]]:
    """Make hosts on a bridge, 10.77.0.1, 10.77.0.2 and so on in their order, and end them.

    The first host holds the bridge. The machine's own network is neither changed nor reached.
    """
    hosts: dict[str, Host] = {}
    makers = []
    try:
        for number, name in enumerate(names, 1):
            maker, pid = _begin(name)
            makers.append(maker)
            hosts[name] = host = Host(name, f"10.77.0.{number}", pid, _own(environment))
            first = next(iter(hosts.values()))
            if host is first:
                _in_network(first, "ip link add name br0 type bridge")
                _in_network(first, f"ip addr add {host.address}/24 dev br0")
                _in_network(first, "ip link set br0 up")
                continue
            _in_network(first, f"ip link add port{number} master br0 type veth peer name eth0 netns {pid}")
            _in_network(first, f"ip link set port{number} up")
            _in_network(host, f"ip addr add {host.address}/24 dev eth0")
            _in_network(host, "ip link set eth0 up")
        yield hosts
    finally:
        for host in hosts.values():
            if psutil.pid_exists(host.pid):
                host.kill()
        for maker in makers:
            maker.kill()
            maker.wait()


def _own(environment: Mapping[str, str]) -> dict[str, str]:
    return {**environment, "HOME": f"{OWN}/home", "TMPDIR": f"{OWN}/tmp"}


def _begin(name: str) -> tuple[subprocess.Popen[bytes], int]:
    script = _BEGIN.format(own=OWN, name=name)
    flags = ["--net", "--pid", "--mount", "--uts", "--fork", "--mount-proc", "--kill-child"]
    maker = subprocess.Popen(["unshare", *flags, "sh", "-c", script], stderr=subprocess.PIPE)
    deadline = time.monotonic() + _SECONDS
    while time.monotonic() < deadline and maker.poll() is None:
        children = psutil.Process(maker.pid).children()
        if children and children[0].name() == "sleep":
            return maker, children[0].pid
        time.sleep(0.01)
    maker.kill()
    raise RuntimeError(f"no host {name}: {maker.communicate()[1].decode()}")


def _in_network(host: Host, command: str) -> None:
    subprocess.run(["nsenter", "--target", str(host.pid), "--net", *command.split()], check=True)


def on_network(host: Host, function: Callable[[], Result]) -> Result:
    """Call a function of this process in the network of a host."""

    def call() -> Result:
        descriptor = os.open(f"/proc/{host.pid}/ns/net", os.O_RDONLY)
        try:
            if ctypes.CDLL(None, use_errno=True).setns(descriptor, _NETWORK):  # of this thread alone
                raise OSError(ctypes.get_errno(), "setns")
        finally:
            os.close(descriptor)
        return function()

    with ThreadPoolExecutor(1) as thread:
        return thread.submit(call).result()
