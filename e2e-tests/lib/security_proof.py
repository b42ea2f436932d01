"""What a stranger, a tenant and whoever has the disk cannot do, on running programs: every door without a key, canaries in everything that is
written, limits over two gateways and a Redis, sealed files of 200 MB, and whether one tenant can tell from timing what another asked."""

import base64
import json
import math
import os
import pathlib
import random
import re
import shutil
import signal
import statistics
import subprocess
import tempfile
import time
import urllib.error
import urllib.request

from proof import Program, Serving, Stream, fetch, free_port, gearbox

VARIANT = "smollm2-135m-q4_1"
CANARY_PROMPT = "canaryprompt7f3a91"


def key():
    made = json.loads(gearbox("key", "new", "--json"))
    return made["key"], made["hash"]


def bearer(secret):
    return {"authorization": f"Bearer {secret}"}


def status(url, method="GET", body=None, headers=None):
    request = urllib.request.Request(url, body, headers or {}, method=method)
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as e:
        return e.code, e.read()


def write(folder, name, text):
    path = folder / name
    path.write_text(text)
    return path


def welch(a, b):
    """Two-sided p of Welch's t-test; the normal distribution does for samples of a hundred."""
    spread = math.sqrt(statistics.variance(a) / len(a) + statistics.variance(b) / len(b))
    t = (statistics.mean(a) - statistics.mean(b)) / spread
    return math.erfc(abs(t) / math.sqrt(2))


def configuration(folder, more="", limits="{}", tenants=None):
    lines = ["gearbox:", "  models:", f"    - {{name: auto, reference: {VARIANT}, variants: [{VARIANT}]}}",
             "  pools:", f"    - {{name: cpu, variants: [{VARIANT}], kv-memory: 512MB}}", "  tenants:"]
    for name, hashed in (tenants or {}).items():
        lines.append(f"    - {{name: {name}, keys: [\"{hashed}\"], class: standard, limits: {limits}}}")
    lines += ["  batches: {directory: batches}", more]
    return write(folder, "gearbox.yaml", "\n".join(lines) + "\n")


def completion(url, prompt, headers, **more):
    body = {"model": "auto", "prompt": prompt, "max_tokens": 4, "temperature": 0, **more}
    return fetch(f"{url}/v1/completions", body, headers)


def canaries(proof, folder):
    """Keys and prompts that must be nowhere but in answers."""
    (acme, acme_hash), (other, other_hash), (admin, admin_hash) = key(), key(), key()
    seal = write(folder, "seal.key", base64.b64encode(os.urandom(32)).decode() + "\n")
    config = configuration(folder, f"""
  security:
    admin-keys: ["{admin_hash}"]
    encryption-key-file: {seal}
    audit: {{file: audit.jsonl}}
""", tenants={"acme": acme_hash, "other": other_hash})
    figures = {}
    with Serving("--config", config, "--offline") as serving:
        serving.wait_for(f"{serving.url}/health/ready")
        strangers(proof, serving, acme, admin)
        completion(serving.url, f"{CANARY_PROMPT} one", bearer(acme))
        decision = status(f"{serving.url}/v1/completions", "POST", json.dumps(
            {"model": "auto", "prompt": f"{CANARY_PROMPT} two", "max_tokens": -1}).encode(),
            {"content-type": "application/json", **bearer(acme)})
        proof.check(decision[0] == 400 and CANARY_PROMPT.encode() not in decision[1], "an error does not repeat the prompt")
        for path in (f"/v1/models?api_key={acme}", f"/v1/{acme}", f"/v1/files/{CANARY_PROMPT}"):
            status(serving.url + path, headers={"x-request-id": "r1", "x-api-key": acme})
        for broken in (b"{", b'{"model":"auto","prompt":"' + CANARY_PROMPT.encode() + b'"', b"\xff\xfe"):
            got = status(f"{serving.url}/v1/completions", "POST", broken, {"content-type": "application/json", **bearer(acme)})
            proof.check(got[0] == 400 and CANARY_PROMPT.encode() not in got[1], f"broken JSON of {len(broken)} bytes is a 400 that quotes nothing")
        figures["sealed"] = sealed(proof, serving, folder, acme, other)
        metrics = status(f"{serving.admin}/metrics", headers=bearer(admin))[1].decode()
        records = status(f"{serving.url}/v1/decisions?limit=50", headers=bearer(acme))[1].decode()
        console = status(f"{serving.admin}/admin/logs", headers=bearer(admin))[1].decode()
        foreign = [json.loads(status(f"{serving.url}/v1/decisions?limit=50", headers=bearer(other))[1])]
        proof.check(not foreign[0]["data"], "a tenant sees no decision of another's")
        log = pathlib.Path(serving.log.name).read_text()
    written = {"log": log, "audit": (folder / "audit.jsonl").read_text(), "metrics": metrics, "decisions": records, "console": console}
    for name, text in written.items():
        for what, canary in (("prompt", CANARY_PROMPT), ("tenant's key", acme), ("admin key", admin)):
            proof.check(canary not in text, f"no {what} in the {name} ({len(text)} characters)")
    proof.check('"event":"refused"' in written["audit"], "refusals are in the audit")
    for path in (folder / "batches").rglob("*"):
        if path.is_file():
            proof.check(CANARY_PROMPT.encode() not in path.read_bytes(), f"nothing of a prompt lies open in {path.name[:5]}…")
    return figures


def strangers(proof, serving, acme, admin):
    doors = 0
    for base, paths in ((serving.url, ["/v1/models", "/v1/completions", "/v1/chat/completions", "/v1/files", "/v1/batches", "/v1/decisions",
                                       "/console/events", "/metrics", "/nothing", "//v1//models", "/v1/%6dodels", "/v1;x/models"]),
                        (serving.admin, ["/metrics", "/admin/policy", "/admin/pools", "/admin/logs", "/admin/drain", "/v1/load_lora_adapter", "/nothing"])):
        wrong = admin if base == serving.url else acme
        for path in paths:
            for method in ("GET", "POST", "PUT", "DELETE", "PATCH"):
                for headers in ({}, bearer("gbx_wrong"), bearer(wrong), {"x-api-key": acme}, {"cookie": f"key={acme}"}):
                    got = status(base + path, method, b"" if method != "GET" else None, headers)[0]
                    doors += 1
                    if got not in (400, 401, 403):
                        proof.check(False, f"{method} {path} without a key answers {got}")
    proof.check(doors > 400, f"{doors} tries without a key got nothing on either port")


def multipart(path, name, size, line):
    """A body of `size` bytes of lines, in a file, as an upload."""
    with open(path, "wb") as out:
        out.write(b'--b\r\ncontent-disposition: form-data; name="purpose"\r\n\r\nbatch\r\n'
                  b'--b\r\ncontent-disposition: form-data; name="file"; filename="' + name.encode() + b'"\r\n\r\n')
        block = line * (1 + (1 << 20) // len(line))
        left = size
        while left > 0:
            out.write(block[:min(left, len(block))])
            left -= len(block)
        out.write(b"\r\n--b--\r\n")


def equal(down, upload):
    """Whether a file is what was between the head of an upload and its end."""
    with open(down, "rb") as first, open(upload, "rb") as second:
        second.seek(second.read(400).index(b'jsonl"\r\n\r\n') + 10)
        while piece := first.read(1 << 20):
            if piece != second.read(len(piece)):
                return False
        return second.read(1) == b"\r"


def sealed(proof, serving, folder, acme, other):
    size = 199 * 1000 * 1000
    body = folder / "upload"
    multipart(body, "large.jsonl", size, b'{"custom_id":"' + CANARY_PROMPT.encode() + b'","x":"' + b"y" * 200 + b'"}\n')
    began = time.monotonic()
    got = subprocess.run(["curl", "-sS", "--data-binary", f"@{body}", "-H", "content-type: multipart/form-data; boundary=b", "-H",
                          f"authorization: Bearer {acme}", f"{serving.url}/v1/files"], capture_output=True, text=True)
    took = time.monotonic() - began
    file = json.loads(got.stdout)
    proof.check(file.get("bytes") == size, f"a file of {size} bytes is taken and sealed ({took:.1f} s)")
    peak = int(re.search(r"VmHWM:\s+(\d+)", pathlib.Path(f"/proc/{serving.process.pid}/status").read_text()).group(1)) // 1024
    began = time.monotonic()
    down = subprocess.run(["curl", "-sS", "-H", f"authorization: Bearer {acme}", "-o", str(folder / "down"), "-w", "%{http_code} %{size_download}",
                           f"{serving.url}/v1/files/{file['id']}/content"], capture_output=True, text=True).stdout
    back = time.monotonic() - began
    same = equal(folder / "down", body)
    proof.check(down == f"200 {size}" and same, f"and is given back as it was ({back:.1f} s)")
    proof.check(status(f"{serving.url}/v1/files/{file['id']}/content", headers=bearer(other))[0] == 404, "another tenant's file is not there")
    proof.check(status(f"{serving.url}/v1/files/..%2f..%2fgearbox.yaml/content", headers=bearer(acme))[0] in (400, 404), "a path is no id")
    small = folder / "small"
    multipart(small, "s.jsonl", 400, b'{"custom_id":"1"}\n')
    made = json.loads(subprocess.run(["curl", "-sS", "--data-binary", f"@{small}", "-H", "content-type: multipart/form-data; boundary=b", "-H",
                                      f"authorization: Bearer {acme}", f"{serving.url}/v1/files"], capture_output=True, text=True).stdout)
    path = folder / "batches/files" / made["id"]
    damaged = bytearray(path.read_bytes())
    damaged[-30] ^= 1
    path.write_bytes(damaged)
    code = subprocess.run(["curl", "-sS", "-o", "/dev/null", "-w", "%{http_code} %{size_download}", "-H", f"authorization: Bearer {acme}",
                           f"{serving.url}/v1/files/{made['id']}/content"], capture_output=True, text=True)
    proof.check("200 400" not in code.stdout or code.returncode != 0, f"a damaged file is not given out whole ({code.stdout})")
    return {"bytes": size, "upload_s": round(took, 1), "download_s": round(back, 1), "peak_rss_mb": peak}


def limits(proof, folder):
    """Two gateways, one Redis, one tenant: together no more than the limit; without Redis each goes by what it knows."""
    if not shutil.which("redis-server"):
        raise SystemExit("security: needs redis-server. Run: apt-get install -y redis-server")
    secret, hashed = key()
    port = free_port()
    allowed = 30
    redis = ["redis-server", "--port", port, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
    config = configuration(folder, f'  security: {{shared-limits: {{redis: "redis://127.0.0.1:{port}"}}}}',
                           limits=f"{{requests-per-minute: {allowed}}}", tenants={"acme": hashed})
    with Program(redis, port) as store:
        with Serving("--config", config, "--offline") as first, Serving("--config", config, "--offline") as second:
            for each in (first, second):
                each.wait_for(f"{each.url}/health/ready")
            began = time.monotonic()
            codes = [asked(each.url, secret) for _ in range(allowed) for each in (first, second)]
            spent = time.monotonic() - began
            most = allowed + math.ceil(allowed * spent / 60) + 1
            let_in = codes.count(200)
            proof.check(allowed <= let_in <= most and set(codes) <= {200, 429},
                        f"two gateways let in {let_in} of {len(codes)} requests, of {allowed} a minute ({spent:.1f} s)")
            store.process.send_signal(signal.SIGKILL)
            store.process.wait()
            time.sleep(1)
            alone = [asked(first.url, secret) for _ in range(5)]
            proof.check(set(alone) <= {200, 429}, f"without Redis each goes on by what it knows: {alone}")
    return {"limit": allowed, "let_in": let_in, "seconds": round(spent, 1)}


def asked(url, secret):
    return status(f"{url}/v1/completions", "POST", json.dumps({"model": "auto", "prompt": "a", "max_tokens": 1}).encode(),
                  {"content-type": "application/json", **bearer(secret)})[0]


def timing(proof, folder, pairs=100):
    """Times to the first token of prompts that another tenant asked before, and of prompts that nobody did."""
    (acme, acme_hash), (other, other_hash) = key(), key()
    config = configuration(folder, tenants={"acme": acme_hash, "other": other_hash})
    words = "river stone green window letter engine morning paper silver garden winter yellow market simple bridge".split()
    dice = random.Random(11)
    own, foreign, cold = [], [], []
    with Serving("--config", config, "--offline") as serving:
        serving.wait_for(f"{serving.url}/health/ready")

        def ttft(prompt, secret):
            stream = Stream(serving.url, {"model": "auto", "prompt": prompt, "max_tokens": 2, "temperature": 0}, headers=bearer(secret))
            return stream.ttft * 1000, (stream.usage or {}).get("prompt_tokens_details", {}).get("cached_tokens", 0)

        for each in range(5):
            ttft(" ".join(dice.choices(words, k=200)), acme)
        hits = 0
        for each in range(pairs):
            asked_before, never = (" ".join(dice.choices(words, k=200)) for _ in range(2))
            ttft(asked_before, acme)
            order = [(asked_before, foreign), (never, cold)]
            dice.shuffle(order)
            for prompt, into in order:
                took, cached = ttft(prompt, other)
                hits += cached > 0
                into.append(took)
            took, cached = ttft(asked_before, acme)
            own.append(took)
            if each == 0:
                proof.check(cached > 0, f"the tenant itself finds {cached} tokens")
    p = welch(foreign, cold)
    ratio = statistics.median(cold) / statistics.median(own)
    proof.check(hits == 0, f"another tenant finds none in {2 * pairs} prompts")
    proof.check(p > 0.05, f"asked by another {statistics.median(foreign):.1f} ms, by nobody {statistics.median(cold):.1f} ms: p = {p:.2f}")
    proof.check(ratio > 2, f"asked by itself {statistics.median(own):.1f} ms: {ratio:.1f} times faster, so the probe would have seen a hit")
    return {"pairs": pairs, "p": round(p, 3), "own_ms": round(statistics.median(own), 1), "foreign_ms": round(statistics.median(foreign), 1),
            "cold_ms": round(statistics.median(cold), 1)}


def security(proof):
    figures = {}
    for part in (canaries, limits, timing):
        proof.say(part.__doc__)
        with tempfile.TemporaryDirectory() as folder:
            figures[part.__name__] = part(proof, pathlib.Path(folder))
    return figures
