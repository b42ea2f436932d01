"""Two gateways are replaced, one after the other and several times, while clients ask: no request fails. What a Kubernetes Service gives is
given by a small balancer here: new connections go to those that are ready, a pod that is to stop is taken out while it sleeps (preStop),
connections that stand are left alone. Clients keep their connections and do not try again."""

import asyncio
import http.client
import json
import pathlib
import random
import signal
import subprocess
import tempfile
import threading
import time

from proof import Serving, free_port, gearbox, percentile

VARIANT = "smollm2-135m-q4_1"
ROUNDS = 3
LOOK = 0.5  # seconds until the balancer has heard that a gateway is ready, or leaves
SLEEP = 2  # preStop: longer than LOOK


class Balancer:
    """Connections to whoever is ready, in turn; bytes both ways until both ends are done."""

    def __init__(self):
        self.ready, self.turn, self.loop = [], 0, asyncio.new_event_loop()
        self.port = free_port()
        started = threading.Event()
        threading.Thread(target=self._run, args=(started,), daemon=True).start()
        started.wait()

    def _run(self, started):
        asyncio.set_event_loop(self.loop)
        self.loop.run_until_complete(asyncio.start_server(self._connection, "127.0.0.1", self.port, backlog=512))
        started.set()
        self.loop.run_forever()

    async def _connection(self, reader, writer):
        self.turn += 1
        there_reader, there_writer = await asyncio.open_connection("127.0.0.1", self.ready[self.turn % len(self.ready)])
        await asyncio.gather(self._pass(reader, there_writer), self._pass(there_reader, writer), return_exceptions=True)
        for each in (writer, there_writer):
            each.close()

    @staticmethod
    async def _pass(source, sink):
        try:
            while data := await source.read(1 << 16):
                sink.write(data)
                await sink.drain()
        finally:
            if sink.can_write_eof():
                sink.write_eof()


class Client(threading.Thread):
    """Asks over one kept connection, plain and streaming, with pauses; what is not whole is a failure."""

    def __init__(self, port, number):
        super().__init__(daemon=True)
        self.port, self.number, self.going = port, number, True
        self.answers, self.failures, self.times = 0, [], []
        self.random = random.Random(number)

    def run(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        while self.going:
            stream = self.random.random() < 0.5
            began = time.monotonic()
            try:
                connection.request("POST", "/v1/completions", json.dumps({
                    "model": VARIANT, "prompt": f"Number {self.answers}:", "max_tokens": self.random.choice((4, 16, 48)), "temperature": 0, "stream": stream}),
                    {"content-type": "application/json"})
                answer = connection.getresponse()
                body = answer.read().decode()
                if answer.status != 200 or (stream and not body.rstrip().endswith("data: [DONE]")) or '"error"' in body:
                    self.failures.append(f"{answer.status} {body[-200:]}")
                else:
                    self.answers += 1
                    self.times.append(time.monotonic() - began)
            except (OSError, http.client.HTTPException) as e:
                self.failures.append(f"{type(e).__name__} {e} after {time.monotonic() - began:.2f} s")
                connection.close()
            time.sleep(self.random.random() * 0.3)
        connection.close()


class Engine(Serving):
    def __init__(self):
        super().__init__("--weights", VARIANT, "--offline", command="engine")


def gateway(config):
    serving = Serving("--config", config, "--offline")
    serving.wait_for(f"{serving.url}/health/ready")
    return serving


def stop(serving):
    """As a kubelet does it: sleep, SIGTERM, wait. Seconds until it was gone, and its exit code."""
    time.sleep(SLEEP)
    began = time.monotonic()
    serving.process.send_signal(signal.SIGTERM)
    code = serving.process.wait(60)
    return time.monotonic() - began, code


def rolling(proof):
    subprocess.run([str(pathlib.Path(__file__).resolve().parents[2] / "gearbox"), "pull", VARIANT], check=True)
    gearbox("--version")
    engines = [Engine(), Engine()]
    gateways = []
    try:
        for each in engines:
            each.wait_for(f"{each.url}/health/ready")
        with tempfile.NamedTemporaryFile("w", suffix=".yaml") as config:
            config.write(f"""
gearbox:
  server: {{drain: 30s}}
  models: [{{name: auto, reference: {VARIANT}, variants: [{VARIANT}]}}]
  pools: [{{name: cpu, device: remote, dialect: vllm, hardware: cpu, endpoints: ["{engines[0].url}", "{engines[1].url}"], variants: [{VARIANT}]}}]
""")
            config.flush()
            gateways = [gateway(config.name), gateway(config.name)]
            balancer = Balancer()
            balancer.ready = [each.port for each in gateways]
            clients = [Client(balancer.port, number) for number in range(8)]
            for each in clients:
                each.start()
            time.sleep(3)
            stopped, codes = [], set()
            for number in range(2 * ROUNDS):
                new = gateway(config.name)
                gateways.append(new)
                time.sleep(LOOK)
                old = gateways.pop(0)
                balancer.ready = balancer.ready + [new.port]
                # Deleted: the endpoint goes, and everybody has heard of it a little later.
                threading.Timer(LOOK, lambda gone=old.port: setattr(balancer, "ready", [port for port in balancer.ready if port != gone])).start()
                seconds, code = stop(old)
                stopped.append(seconds)
                codes.add(code)
                proof.say(f"replaced gateway {number + 1} of {2 * ROUNDS}; the old one was gone {seconds:.1f} s after SIGTERM, {sum(each.answers for each in clients)} answers so far")
            time.sleep(2)
            for each in clients:
                each.going = False
            for each in clients:
                each.join(70)
            answers = sum(each.answers for each in clients)
            failures = [failure for each in clients for failure in each.failures]
            hung = sum(each.is_alive() for each in clients)
            proof.check(answers > 100 and not failures and not hung, f"{answers} answers over {2 * ROUNDS} replaced gateways, {len(failures)} failed, {hung} hang {failures[:3]}")
            proof.check(codes <= {0, 143} and max(stopped) < 32, f"each old gateway ended within its grace time ({max(stopped):.1f} s at most, exit codes {sorted(codes)})")
            times = [each for client in clients for each in client.times]
            return {"answers": answers, "failed": len(failures), "replaced": 2 * ROUNDS, "p50_s": round(percentile(times, 0.5), 2), "p99_s": round(percentile(times, 0.99), 2),
                    "slowest_stop_s": round(max(stopped), 1)}
    finally:
        for each in gateways + engines:
            each.process.kill()
            each.process.wait()
