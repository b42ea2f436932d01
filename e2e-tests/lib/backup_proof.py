"""A backup is taken while a gateway answers a batch; the machine is lost; another goes on from the backup, and every line is answered once."""

import json
import pathlib
import shutil
import subprocess
import tempfile
import time

from proof import ROOT, Serving, fetch

VARIANT = "smollm2-135m-q4_1"
LINES = 60


def run(*arguments):
    done = subprocess.run([str(ROOT / "gearbox"), *map(str, arguments)], capture_output=True, text=True)
    return done.returncode, (done.stdout + done.stderr).strip()


def batch(url, folder):
    lines = "".join(json.dumps({
        "custom_id": f"line-{number}", "method": "POST", "url": "/v1/completions",
        "body": {"model": VARIANT, "max_tokens": 12, "temperature": 0, "prompt": f"Number {number} is"}}) + "\n" for number in range(LINES))
    (folder / "lines.jsonl").write_text(lines)
    out = subprocess.run(["curl", "-sf", f"{url}/v1/files", "-F", "purpose=batch", "-F", f"file=@{folder}/lines.jsonl"], stdout=subprocess.PIPE, check=True).stdout
    return json.loads(fetch(f"{url}/v1/batches", {"input_file_id": json.loads(out)["id"], "endpoint": "/v1/completions", "completion_window": "24h"})[1])["id"]


def state(serving, made):
    return json.loads(fetch(f"{serving.url}/v1/batches/{made}")[1])


def backup(proof):
    subprocess.run([str(ROOT / "gearbox"), "pull", VARIANT], check=True)
    folder = pathlib.Path(tempfile.mkdtemp(prefix="gearbox-backup-"))
    config, rules, copy = folder / "gearbox.yaml", folder / "policy/night.drl", folder / "copies/monday"
    rules.parent.mkdir()
    shutil.copy(ROOT / "policy/src/main/resources/policy/default.drl", rules)
    config.write_text(f"""
gearbox:
  models: [{{name: auto, reference: {VARIANT}, variants: [{VARIANT}]}}]
  policy: {{rules: ["file:policy/*.drl"], record: {{directory: state/records}}}}
  batches: {{directory: state/batches, in-flight: 2}}
""")
    try:
        with Serving("--config", config, "--offline") as serving:
            serving.wait_for_variant(VARIANT)
            made = batch(serving.url, folder)
            decision = fetch(f"{serving.url}/v1/completions", {"model": VARIANT, "prompt": "Hi", "max_tokens": 4})[0]["x-gearbox-decision-id"]
            while state(serving, made)["request_counts"]["completed"] < 5:
                time.sleep(0.1)
            time.sleep(2.5)  # records and answers are written once a second
            code, said = run("backup", copy, "--config", config, "--admin-port", serving.admin_port)
            before = state(serving, made)
            proof.check(code == 0 and before["status"] == "in_progress", f"a backup while {before['request_counts']['completed']} of {LINES} lines are answered: {said}")
            code, said = run("backup", copy, "--config", config, "--admin-port", serving.admin_port)
            proof.check(code == 1 and "is there already" in said, "a second one into the same folder is refused")
            code, said = run("restore", copy, "--config", config, "--replace")
            proof.check(code == 1 and "stop it first" in said, f"a restore while the gateway runs is refused: {said}")
            serving.process.kill()
        shutil.rmtree(folder / "state")
        rules.unlink()

        victim = max((copy / "records").iterdir(), key=lambda file: file.stat().st_size)
        whole = victim.read_bytes()
        victim.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
        code, said = run("restore", copy, "--config", config)
        proof.check(code == 1 and "is not what was written" in said and not (folder / "state").exists() and not rules.exists(), f"one flipped bit is found, and nothing is restored: {said}")
        victim.write_bytes(whole)
        code, said = run("restore", copy, "--config", config)
        proof.check(code == 0 and rules.exists(), f"the whole backup is restored: {said}")

        with Serving("--config", config, "--offline") as serving:
            serving.wait_for_variant(VARIANT)
            until = time.monotonic() + 180
            while (now := state(serving, made))["status"] not in ("completed", "failed") and time.monotonic() < until:
                time.sleep(0.2)
            answers = fetch(f"{serving.url}/v1/files/{now['output_file_id']}/content")[1].splitlines()
            ids = sorted(json.loads(each)["custom_id"] for each in answers)
            proof.check(now["status"] == "completed" and ids == sorted(f"line-{number}" for number in range(LINES)), f"the batch goes on: {len(ids)} answers, each line once")
            record = json.loads(fetch(f"{serving.url}/v1/decisions/{decision}")[1])
            proof.check(record["id"] == decision, "the record of a decision before the backup is there")
        return {"lines": LINES, "answered_at_backup": before["request_counts"]["completed"]}
    finally:
        shutil.rmtree(folder, ignore_errors=True)
