"""Faults to order: a proxy that spoils what a server sends, rules of the kernel's packet filter, a slow link, system calls that fail,
and processes that may have only so much."""

import contextlib
import ctypes
import pathlib
import socket
import subprocess
import threading
import time

from ledger import reset


class FaultProxy:
    """Passes connections on to a port of this machine. Answers to POST are spoiled as `fault` says; looks are not.

    `fault(connection, sent, piece)` is asked for every piece that the server sends, with the number of bytes that went
    through before, and says what goes on: bytes, or one of the ends below.
    """

    FIN, RST, STALL = "fin", "rst", "stall"

    def __init__(self, target):
        self.target, self.fault, self.open, self.lock = target, None, set(), threading.Lock()
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=256)
        self.port = self.listener.getsockname()[1]
        self.down = self.closed = False
        self.posts = 0
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.closed = True
        self.listener.close()
        self.cut()

    def cut(self):
        """Resets every connection."""
        with self.lock:
            gone, self.open = self.open, set()
        for sock in gone:
            try:
                sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            try:
                reset(sock)
            except OSError:
                pass

    def _accept(self):
        while not self.closed:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            if self.down:
                reset(client)
                continue
            try:
                server = socket.create_connection(("127.0.0.1", self.target), timeout=5)
            except OSError:
                reset(client)
                continue
            server.settimeout(None)
            for sock in (client, server):
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with self.lock:
                self.open |= {client, server}
            Passage(self, client, server)

    def forget(self, *sockets):
        with self.lock:
            self.open -= set(sockets)


class Passage:
    """One connection through the proxy."""

    def __init__(self, proxy, client, server):
        self.proxy, self.client, self.server, self.post, self.number = proxy, client, server, False, 0
        threading.Thread(target=self._there, daemon=True).start()
        threading.Thread(target=self._back, daemon=True).start()

    def _there(self):
        try:
            while data := self.client.recv(65536):
                if data.startswith(b"POST "):
                    self.post, self.sent = True, 0
                    self.proxy.posts += 1
                    self.number = self.proxy.posts
                self.server.sendall(data)
            self.server.shutdown(socket.SHUT_WR)
        except OSError:
            self._end()

    def _back(self):
        self.sent = 0
        try:
            while data := self.server.recv(65536):
                fault = self.proxy.fault
                for piece in (fault(self, self.sent, data) if fault and self.post else [data]):
                    if piece == FaultProxy.STALL:
                        while self.proxy.fault is fault and not self.proxy.closed:
                            time.sleep(0.05)
                        piece = FaultProxy.FIN
                    if piece == FaultProxy.RST:
                        reset(self.client)
                    if isinstance(piece, str):
                        return self._end()
                    self.client.sendall(piece)
                    self.sent += len(piece)
            self.client.shutdown(socket.SHUT_WR)
        except OSError:
            pass
        return self._end()

    def _end(self):
        for sock in (self.client, self.server):
            try:
                sock.close()
            except OSError:
                pass
        self.proxy.forget(self.client, self.server)


def after(count, end, instead=b""):
    """Lets `count` bytes of an answer through, then `instead`, then ends as told."""
    def fault(_, sent, data):
        if sent + len(data) <= count:
            return [data]
        return [part for part in (data[:max(0, count - sent)], instead) if part] + [end]
    return fault


def byte_by_byte(_, __, data):
    return [data[i:i + 1] for i in range(len(data))]


def slowly(bytes_per_second):
    def fault(_, __, data):
        for i in range(0, len(data), 64):
            time.sleep(64 / bytes_per_second)
            yield data[i:i + 64]
    return fault


class PacketFilter:
    """Rules of nftables on the loopback device, as long as the block runs."""

    def __init__(self, *rules):
        self.rules = rules

    def __enter__(self):
        lines = "\n".join(f"    {rule}" for rule in self.rules)
        table = "table inet gearbox_faults {\n  chain in {\n    type filter hook input priority 0;\n" + lines + "\n  }\n}\n"
        subprocess.run(["nft", "-f", "-"], input=table, text=True, check=True)
        return self

    def __exit__(self, *_):
        subprocess.run(["nft", "delete", "table", "inet", "gearbox_faults"], check=True)


def dropped(port, percent=100):
    """Rules that lose packets from and to a port."""
    chance = "" if percent == 100 else f"numgen random mod 100 < {percent} "
    return [f"tcp dport {port} {chance}drop", f"tcp sport {port} {chance}drop"]


class WallClock:
    """A wall clock for a process that is started with `environment`: nobody else's jumps with it."""

    def __init__(self, folder):
        self.file, library = folder / "wall-clock", folder / "wall-clock.so"
        self.jump(0)
        subprocess.run(["gcc", "-shared", "-fPIC", "-O1", "-o", library, pathlib.Path(__file__).with_name("wall_clock.c")], check=True)
        self.environment = {"LD_PRELOAD": str(library), "WALL_CLOCK_OFFSET": str(self.file)}

    def jump(self, seconds):
        """To so many seconds off the machine's clock."""
        with self.file.open("r+b" if self.file.exists() else "wb") as out:
            out.write(seconds.to_bytes(8, "little", signed=True))


class SlowLink:
    """A network of its own at the end of a slow link; `address` is this machine's there. Both directions are as slow."""

    NAME, address, _CLONE_NEWNET = "gearbox-chaos", "10.79.0.1", 0x40000000

    def __init__(self, rate):
        self.rate = rate

    def __enter__(self):
        def ip(*arguments):
            subprocess.run(["ip", *arguments], check=True)

        ip("netns", "add", self.NAME)
        ip("link", "add", "gearbox0", "type", "veth", "peer", "name", "gearbox1", "netns", self.NAME)
        for inside, device, address in (([], "gearbox0", self.address), (["-n", self.NAME], "gearbox1", "10.79.0.2")):
            ip(*inside, "addr", "add", f"{address}/30", "dev", device)
            ip(*inside, "link", "set", device, "up")
            subprocess.run(["tc", *inside, "qdisc", "add", "dev", device, "root", "tbf", "rate", self.rate, "burst", "3000", "limit", "30000"], check=True)
        return self

    def __exit__(self, *_):
        subprocess.run(["ip", "netns", "del", self.NAME], check=True)

    @contextlib.contextmanager
    def inside(self):
        """This thread, and those that it starts, open their connections from there as long as the block runs."""
        libc = ctypes.CDLL(None, use_errno=True)

        def go(file):
            if libc.setns(file.fileno(), self._CLONE_NEWNET):
                raise OSError(ctypes.get_errno(), "setns")

        with open("/proc/thread-self/ns/net") as here, open(f"/run/netns/{self.NAME}") as there:
            go(there)
            try:
                yield
            finally:
                go(here)


@contextlib.contextmanager
def system_calls(process, names, fault):
    """Spoils system calls of a live process, as long as the block runs: `error=EIO`, `delay_enter=MICROSECONDS`."""
    tracer = subprocess.Popen(["strace", "-f", "-qq", "-p", str(process.pid), "-o", "/dev/null",
                               "-e", f"trace={names}", "-e", f"inject={names}:{fault}"])
    try:
        until = time.monotonic() + 30
        while any("TracerPid:\t0\n" in (task / "status").read_text() for task in pathlib.Path(f"/proc/{process.pid}/task").iterdir()):
            if tracer.poll() is not None or time.monotonic() > until:
                raise RuntimeError("strace does not hold the process")
            time.sleep(0.05)
        yield
    finally:
        tracer.terminate()
        tracer.wait()


class ControlGroup:
    """Processes under limits of one controller of cgroup v1, as long as the block runs."""

    def __init__(self, controller):
        self.group = pathlib.Path(f"/sys/fs/cgroup/{controller}/gearbox-chaos")
        self.controller = controller

    def __enter__(self):
        if not self.group.parent.is_dir():
            raise RuntimeError(f"needs cgroup v1's {self.controller} controller")
        self.group.mkdir(exist_ok=True)
        return self

    def put(self, process):
        (self.group / "cgroup.procs").write_text(str(process.pid))

    def set(self, **limits):
        """`cpu_cfs_quota_us=20000` writes cpu.cfs_quota_us."""
        for name, value in limits.items():
            (self.group / name.replace("_", ".", 1)).write_text(str(value))

    def squeeze(self, limit):
        """Takes away memory down to a limit, or down to what the kernel cannot take away; gives what is left."""
        while True:
            try:
                self.set(memory_limit_in_bytes=limit)
                return limit
            except OSError:
                limit += 2**20

    def statistic(self, name, file="stat"):
        lines = (self.group / f"{self.controller}.{file}").read_text().splitlines()
        return next(int(line.split()[1]) for line in lines if line.split()[0] == name)

    def __exit__(self, *_):
        for task in (self.group / "cgroup.procs").read_text().split():
            (self.group.parent / "cgroup.procs").write_text(task)
        self.group.rmdir()
