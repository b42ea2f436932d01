#!/usr/bin/env python3
"""Compares Gearbox with llama.cpp on the same weights: token ids, rendered prompts, greedy continuations, perplexity.

Needs Python 3 alone. Example, from the repository root:

    e2e-tests/compare/compare_llama_cpp.py --llama "$(e2e-tests/compare/build-llama-cpp /tmp/llama)"

Writes a table (--out) and prints one JSON line last. Exit 1 when a measure misses its bar.
"""
import argparse
import json
import os
import platform
import re
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
MODELS = {
    "smollm2-135m-q4_1": "smollm2-135m-instruct-q4_1.gguf",
    "qwen2.5-coder-0.5b-q4_k_m": "qwen2.5-coder-0.5b-instruct-q4_k_m.gguf",
    "qwen2.5-coder-1.5b-q4_k_m": "qwen2.5-coder-1.5b-instruct-q4_k_m.gguf",
    "gemma-3-270m-q4_k_m": "gemma-3-270m-q4_k_m.gguf",
}
STEPS = ["tokens", "prompts", "greedy", "perplexity"]
GREEDY_TOKENS = 16
GREEDY_BAR = 0.90
PERPLEXITY_BAR = 0.005


def say(text):
    print(text, file=sys.stderr, flush=True)


def read_json(path):
    return json.loads(Path(path).read_text(encoding="utf-8"))


def post(url, body):
    data = json.dumps(body).encode("utf-8")
    request = urllib.request.Request(url, data, {"content-type": "application/json"})
    with urllib.request.urlopen(request, timeout=300) as answer:
        return json.load(answer)


class LlamaServer:
    """llama-server on one model, for the length of a with block."""

    def __init__(self, programs, weights, threads):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = tempfile.NamedTemporaryFile(prefix="llama-server-", suffix=".log", delete=False)
        self.command = [str(Path(programs) / "llama-server"), "-m", str(weights), "--port", str(self.port)]
        self.command += ["-c", "2048", "-np", "1", "-t", str(threads), "--jinja"]

    def __enter__(self):
        self.process = subprocess.Popen(self.command, stdout=self.log, stderr=self.log)
        deadline = time.time() + 180
        while time.time() < deadline and self.process.poll() is None:
            try:
                urllib.request.urlopen(self.url + "/health", timeout=2)
                return self
            except OSError:
                time.sleep(0.2)
        self.__exit__()
        raise SystemExit(f"llama-server did not start, see {self.log.name}")

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()

    def tokens(self, text):
        body = {"content": text, "add_special": False, "parse_special": True}
        return post(self.url + "/tokenize", body)["tokens"]

    def prompt(self, messages):
        return post(self.url + "/apply-template", {"messages": messages})["prompt"]

    def greedy(self, prompt, count):
        """The tokens of a greedy continuation, and the two most likely ones at each."""
        body = {"prompt": prompt, "n_predict": count, "temperature": 0, "top_k": 1, "n_probs": 2,
                "cache_prompt": False, "return_tokens": True}
        answer = post(self.url + "/completion", body)
        tops = [step["top_logprobs"] for step in answer["completion_probabilities"]]
        return answer["tokens"][:count], tops


class Gearbox:
    """The ./gearbox launcher."""

    def __init__(self, launcher, weights):
        self.launcher, self.weights = str(launcher), str(weights)

    def run(self, command, *options):
        line = [self.launcher, command, "--weights", self.weights, *options, "--json"]
        done = subprocess.run(line, capture_output=True, text=True, encoding="utf-8")
        if done.returncode != 0:
            raise RuntimeError(f"{' '.join(line)} failed: {done.stderr.strip()[-500:]}")
        return json.loads(done.stdout.strip().splitlines()[-1])

    def with_file(self, command, option, content, *options):
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "input.json"
            file.write_text(json.dumps(content), encoding="utf-8")
            return self.run(command, option, str(file), *options)

    def tokens(self, texts):
        return [each["tokens"] for each in self.with_file("tokenize", "--text-file", texts)["results"]]

    def prompt(self, messages):
        return self.with_file("template", "--messages", messages)["prompt"]

    def greedy(self, prompts, count):
        answer = self.with_file("generate", "--prompts-file", prompts, "--max-tokens", str(count), "--temperature", "0")
        return [each["tokens"] for each in answer["results"]]


def compare_tokens(server, gearbox, results):
    texts = read_json(HERE / "nasty-strings.json")
    ours = gearbox.tokens(texts)
    differ = [text for text, ids in zip(texts, ours) if ids != server.tokens(text)]
    for text in differ:
        say(f"  token ids differ: {json.dumps(text[:80])}")
    results["tokens"] = {"equal": len(texts) - len(differ), "of": len(texts), "met": not differ}


def compare_prompts(server, gearbox, results):
    equal, of = 0, 0
    try:
        gearbox.prompt([{"role": "user", "content": "Hello"}])
    except RuntimeError as error:
        if "no chat template" not in str(error):
            raise
        results["prompts"] = {"equal": 0, "of": 0, "met": True}
        return
    for conversation in read_json(HERE / "conversations.json"):
        theirs, ours = server.prompt(conversation["messages"]), gearbox.prompt(conversation["messages"])
        # llama-server leaves out the BOS that its tokenizer adds.
        same = ours == theirs or ours.removeprefix("<bos>") == theirs
        if not same:
            say(f"  prompts differ: {conversation['name']}\n    llama.cpp {theirs!r}\n    gearbox   {ours!r}")
        equal, of = equal + same, of + 1
    results["prompts"] = {"equal": equal, "of": of, "met": equal == of}


def compare_greedy(server, gearbox, results):
    prompts = read_json(HERE / "prompts.json")
    equal, gaps = 0, []
    for prompt, ours in zip(prompts, gearbox.greedy(prompts, GREEDY_TOKENS)):
        theirs, tops = server.greedy(prompt, GREEDY_TOKENS)
        length = min(len(ours), len(theirs))
        at = next((i for i in range(length) if ours[i] != theirs[i]), None)
        # A program may or may not report the token that ends the generation.
        if at is None and abs(len(ours) - len(theirs)) <= 1:
            equal += 1
            continue
        at = length if at is None else at
        gap = None
        if at < len(tops) and len(tops[at]) == 2:
            gap = round(tops[at][0]["logprob"] - tops[at][1]["logprob"], 4)
        second = tops[at][1]["id"] if gap is not None else None
        chosen = ours[at] if at < len(ours) else None
        gaps.append({"prompt": prompt, "at": at, "gap": gap, "gearbox_took_the_second": chosen == second})
        say(f"  greedy differs at token {at} of {prompt!r}: llama.cpp's top two are {gap} apart")
    results["greedy"] = {"equal": equal, "of": len(prompts), "differences": gaps,
                         "met": equal >= GREEDY_BAR * len(prompts)}


def compare_perplexity(programs, weights, gearbox, text, threads, results):
    command = [str(Path(programs) / "llama-perplexity"), "-m", str(weights), "-f", str(text), "-c", "512"]
    command += ["-b", "512", "-t", str(threads)]
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", errors="replace")
    found = re.search(r"Final estimate: PPL = ([0-9.]+)", done.stdout + done.stderr)
    if not found:
        raise RuntimeError(f"llama-perplexity failed: {done.stderr.strip()[-500:]}")
    theirs = float(found.group(1))
    ours = gearbox.run("eval", "--text", str(text), "--context", "512")["perplexity"]
    relative = ours / theirs - 1
    results["perplexity"] = {"llama_cpp": theirs, "gearbox": round(ours, 4), "relative": round(relative, 5),
                             "met": abs(relative) <= PERPLEXITY_BAR}


def compare(name, weights, options):
    say(f"{name}:")
    gearbox, results = Gearbox(options.gearbox, weights), {"model": name}

    def step(measure, act):
        if measure in options.steps:
            say(f" {measure}")
            try:
                act()
            except (RuntimeError, OSError, KeyError, ValueError) as error:
                say(f"  {error}")
                results[measure] = {"error": str(error), "met": False}

    with LlamaServer(options.llama, weights, options.threads) as server:
        step("tokens", lambda: compare_tokens(server, gearbox, results))
        step("prompts", lambda: compare_prompts(server, gearbox, results))
        step("greedy", lambda: compare_greedy(server, gearbox, results))
    step("perplexity", lambda: compare_perplexity(
        options.llama, weights, gearbox, options.text, options.threads, results))
    return results


def cell(result, measure):
    if measure not in result:
        return "not run"
    figures = result[measure]
    if "error" in figures:
        return "failed"
    if measure == "perplexity":
        return f"{figures['gearbox']:.4f} / {figures['llama_cpp']:.4f} ({100 * figures['relative']:+.2f} %)"
    return f"{figures['equal']} of {figures['of']}" if figures["of"] else "no template"


def processor():
    try:
        info = Path("/proc/cpuinfo").read_text(encoding="utf-8")
        return re.search(r"model name\s*: (.*)", info).group(1)
    except (OSError, AttributeError):
        return platform.processor() or "an unknown processor"


def version(programs):
    done = subprocess.run([str(Path(programs) / "llama-server"), "--version"], capture_output=True, text=True)
    found = re.search(r"version: (.*)", done.stdout + done.stderr)
    return found.group(1) if found else "of an unknown version"


def table(results, options):
    lines = [
        "# Gearbox beside llama.cpp",
        "",
        "The same weights, the same host, both programs as they are. Written by `e2e-tests/compare/compare_llama_cpp.py`;"
        " `e2e-tests/compare/build-llama-cpp` builds the other side.",
        "",
        f"- llama.cpp {version(options.llama)}; {processor()}, {options.threads} threads; {time.strftime('%Y-%m-%d')}.",
        f"- Token ids: equal on the strings of `nasty-strings.json`, control tokens parsed, no BOS. Bar: all.",
        f"- Prompts: what the model's chat template makes of `conversations.json`. Bar: all.",
        f"- Greedy: the first {GREEDY_TOKENS} tokens after each of `prompts.json`. Bar: {GREEDY_BAR:.0%}; where they"
        " differ, how far apart llama.cpp's two most likely tokens were (in logits).",
        f"- Perplexity: of `{options.text_name}`, windows of 512 tokens. Bar: within {PERPLEXITY_BAR:.1%}.",
        "",
        "| model | token ids | prompts | greedy | perplexity, Gearbox / llama.cpp |",
        "| --- | --- | --- | --- | --- |",
    ]
    for result in results:
        lines.append(f"| {result['model']} | " + " | ".join(cell(result, measure) for measure in STEPS) + " |")
    differences = [(r["model"], d) for r in results for d in r.get("greedy", {}).get("differences", [])]
    if differences:
        lines += ["", "| model | prompt | differs at token | apart | Gearbox took llama.cpp's second |",
                  "| --- | --- | --- | --- | --- |"]
        for model, each in differences:
            prompt = json.dumps(each["prompt"]).replace("|", "\\|")
            took = "yes" if each["gearbox_took_the_second"] else "no"
            lines.append(f"| {model} | `{prompt}` | {each['at']} | {each['gap']} | {took} |")
    return "\n".join(lines) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--llama", required=True, help="folder of llama-server and llama-perplexity")
    models = os.environ.get("GEARBOX_MODELS", str(Path.home() / ".gearbox" / "models"))
    parser.add_argument("--models", default=models, help="folder of the weights (default: %(default)s)")
    parser.add_argument("--gearbox", default=str(ROOT / "gearbox"), help="the launcher (default: %(default)s)")
    corpus = ROOT / "engines/workshop/src/main/resources/dev/gearbox/workshop/eval/corpus.txt"
    parser.add_argument("--text", default=str(corpus), help="text for the perplexity (default: %(default)s)")
    parser.add_argument("--only", nargs="*", default=list(MODELS), choices=list(MODELS), help="models to compare")
    parser.add_argument("--steps", nargs="*", default=STEPS, choices=STEPS, help="measures to take")
    parser.add_argument("--threads", type=int, default=os.cpu_count(), help="threads of llama.cpp")
    parser.add_argument("--out", default=str(ROOT / "docs/comparison-llama-cpp.md"), help="the table; - for none")
    options = parser.parse_args()
    text = Path(options.text).resolve()
    options.text_name = text.relative_to(ROOT) if text.is_relative_to(ROOT) else text.name
    missing = [str(Path(options.models) / MODELS[name]) for name in options.only
               if not (Path(options.models) / MODELS[name]).exists()]
    if missing:
        raise SystemExit(f"missing weights: {', '.join(missing)}; ./gearbox pull fetches them")
    results = [compare(name, Path(options.models) / MODELS[name], options) for name in options.only]
    if options.out != "-":
        Path(options.out).write_text(table(results, options), encoding="utf-8")
    met = all(result[measure]["met"] for result in results for measure in STEPS if measure in result)
    print(json.dumps({"met": met, "results": results}))
    sys.exit(0 if met else 1)


if __name__ == "__main__":
    main()
