"""The full-length proof of files of requests, by OpenAI's own client: a batch of 1,000 lines whose gateway is killed in the
middle, without Kafka and through it, and a file of 50,000 lines and 200 MB by a gateway with little memory.

    batch_proof.py PART... -- COMMAND...      COMMAND starts a broker, says where, and ends it when its input ends
"""

import collections
import contextlib
import json
import pathlib
import subprocess
import sys
import tempfile
import threading
import time

import openai
from proof import Proof, Serving

proof = Proof("batch")
say, check = proof.say, proof.check
SMALL = "smollm2-135m-q4_1"
LINES, BAD = 1000, {200: "torn", 400: "c-7", 600: "nobody", 700: "later", 800: "field"}
FILE_LINES, FILE_BYTES, HEAP_MB = 50_000, 200 * 1000 * 1000, 128


def line(name, model="auto", url="/v1/chat/completions", text="Say hi."):
    return json.dumps({"custom_id": name, "method": "POST", "url": url, "body": {
        "model": model, "max_tokens": 8, "messages": [{"role": "user", "content": text}] if text else []}})


def lines():
    """1,000 requests, five of them bad, each in its own way."""
    wrong = {
        "torn": '{"custom_id": "torn", "method": ', "c-7": line("c-7"), "nobody": line("nobody", model="nobody"),
        "later": line("later", url="/v2/chat/completions"), "field": line("field", text="")}
    return [wrong[BAD[i]] if i in BAD else line(f"c-{i}") for i in range(LINES)]


@contextlib.contextmanager
def broker(command):
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as running:
        yield next(said.split()[1] for said in running.stdout if said.startswith("broker "))
        running.stdin.close()


def config(folder, more="", batches=""):
    file = folder / "gearbox.yaml"
    file.write_text(f"""
gearbox:
  models: [{{name: auto, reference: {SMALL}, variants: [{SMALL}]}}]
  pools: [{{name: cpu, variants: [{SMALL}], device: cpu-simd, max-sequences: 32}}]
  batches: {{directory: batches{batches}}}
{more}""")
    return file


def gateway(file, delay, heap=None, like=None):
    return Serving("--config", file, "--delay-ms", delay, command="rehearse", like=like,
                   environment={"GEARBOX_JAVA_OPTS": f"-Xmx{heap}m"} if heap else None)


def client(server):
    return openai.OpenAI(base_url=f"{server.url}/v1", api_key="none", max_retries=12, timeout=600)


def create(ask, file):
    uploaded = ask.files.create(file=file, purpose="batch")
    return ask.batches.create(input_file_id=uploaded.id, endpoint="/v1/chat/completions", completion_window="24h")


def over(ask, batch):
    while batch.status not in ("completed", "failed", "expired", "cancelled"):
        time.sleep(0.2)
        batch = ask.batches.retrieve(batch.id)
    return batch


def content(ask, file):
    return [json.loads(each) for each in ask.files.content(file).text.splitlines()]


def survives(through, more):
    folder = pathlib.Path(tempfile.mkdtemp())
    file, requests = config(folder, more, ", in-flight: 8"), folder / "requests.jsonl"
    requests.write_text("\n".join(lines()) + "\n")
    with gateway(file, 40) as server:
        server.wait_for_variant(SMALL)
        ask = client(server)
        batch = create(ask, requests)
        while server.metric("gearbox_batch_lines_total") < LINES * 0.4:
            time.sleep(0.05)
        done = server.metric("gearbox_batch_lines_total")
        server.process.kill()
        server.process.wait()
        began = time.monotonic()
        with gateway(file, 40, like=server):
            batch = over(ask, batch)
            answers = content(ask, batch.output_file_id)
            errors = content(ask, batch.error_file_id)
    names = collections.Counter(each["custom_id"] for each in answers)
    wanted = {f"c-{i}" for i in range(LINES) if i not in BAD}
    check(batch.status == "completed" and set(names) == wanted and max(names.values()) == 1,
          f"{through}: killed after {done:.0f} of {LINES} lines, {len(answers)} answers, each custom_id once")
    counts = batch.request_counts
    check((counts.total, counts.completed, counts.failed) == (LINES, len(wanted), len(BAD)), f"{through}: the counts say so")
    check(collections.Counter(each["custom_id"] for each in errors) == collections.Counter(
              [None if name == "torn" else name for name in BAD.values()]),
          f"{through}: the {len(BAD)} bad lines are in the error file, each once")
    return {"lines": LINES, "killed_after": done, "answers": len(answers), "twice": sum(names.values()) - len(names),
            "errors": len(errors), "seconds_after_kill": round(time.monotonic() - began, 1)}


def large():
    """As many lines and bytes as a file may have."""
    folder = pathlib.Path(tempfile.mkdtemp())
    requests = folder / "requests.jsonl"
    each = FILE_BYTES // FILE_LINES - 1
    with open(requests, "w", encoding="ascii") as out:
        for i in range(FILE_LINES):
            start = line(f"c-{i}", text="@")
            out.write(start.replace("@", "x" * (each - len(start) + 1)) + "\n")
    size = requests.stat().st_size
    with gateway(config(folder), 0, HEAP_MB) as server:
        server.wait_for_variant(SMALL)
        ask = client(server)
        peak, ended = [0.0], threading.Event()

        def watch():
            while not ended.wait(0.2):
                peak[0] = max(peak[0], sum(
                    server.metric(f'jvm_memory_bytes_used{{area="{area}"') for area in ("heap", "nonheap")))

        watching = threading.Thread(target=watch)
        watching.start()
        began = time.monotonic()
        batch = create(ask, requests)
        uploaded = time.monotonic() - began
        batch = over(ask, batch)
        took = time.monotonic() - began
        names = collections.Counter()
        with ask.files.with_streaming_response.content(batch.output_file_id) as answer:
            for each in answer.iter_lines():
                names[json.loads(each)["custom_id"]] += 1
        ended.set()
        watching.join()
    check(batch.status == "completed" and len(names) == FILE_LINES and max(names.values()) == 1,
          f"{size / 1e6:.0f} MB, {FILE_LINES} lines by a gateway with a heap of {HEAP_MB} MB: each custom_id once")
    say(f"uploaded in {uploaded:.1f} s, over after {took:.1f} s, at most {peak[0] / 1e6:.0f} MB of heap and classes")
    return {"bytes": size, "lines": FILE_LINES, "heap_limit_mb": HEAP_MB, "peak_mb": round(peak[0] / 1e6),
            "upload_seconds": round(uploaded, 1), "seconds": round(took, 1)}


def main():
    at = sys.argv.index("--")
    parts, command = sys.argv[1:at], sys.argv[at + 1:]
    figures = {"client": f"openai {openai.__version__}"}
    if "batch" in parts:
        figures["batch"] = survives("without Kafka", "")
        with broker(command) as servers:
            figures["batch_through_kafka"] = survives(
                "through Kafka", f'  kafka: {{bootstrap-servers: "{servers}", instance: one}}\n')
    if "file" in parts:
        figures["file"] = large()
    proof.end(figures)


main()
