"""What became of every request, as its client saw it: the judge of the fault proofs.

A request ends COMPLETE, ERROR (an HTTP status of 400 or more, or an error event, or no connection) or CANCELLED (its
client left). Whatever else a client may see is forbidden: a stream that just ends, text that no undisturbed server would
give, no byte for 15 seconds.
"""

import collections
import http.client
import json
import socket
import struct
import threading
import time
import urllib.parse

COMPLETE, ERROR, CANCELLED = "complete", "error", "cancelled"
TRUNCATED, WRONG, HUNG = "truncated", "wrong text", "hung"
FORBIDDEN = (TRUNCATED, WRONG, HUNG)
SILENCE_SECONDS = 15


class Call:
    """One request: how it ended and when."""

    def __init__(self, number):
        self.number = number
        self.began = time.monotonic()
        self.first = self.ended = None
        self.outcome = self.status = self.code = None
        self.headers, self.text, self.tokens, self.error = {}, "", 0, {}

    @property
    def seconds(self):
        return self.ended - self.began

    def refused(self, answer):
        self.error = answer.get("error", {})
        self.code = self.error.get("code")

    def meets(self, ttft, deadline):
        """Whether it is a whole answer within these seconds."""
        return self.outcome == COMPLETE and self.first - self.began <= ttft and self.seconds <= deadline

    def __repr__(self):
        return f"#{self.number} {self.outcome} {self.status} {self.code} after {self.seconds:.2f} s, {self.tokens} tokens"


def reset(sock):
    """Closes with an RST instead of a FIN."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sock.close()


class Ledger:
    """Requests to one gateway, each written down once."""

    def __init__(self, url, headers=None, silence=SILENCE_SECONDS):
        place = urllib.parse.urlsplit(url)
        self.host, self.port, self.headers, self.silence = place.hostname, place.port, headers or {}, silence
        self.lock, self.calls, self.texts, self.begun = threading.Lock(), [], {}, 0

    def learn(self, bodies, tries=5):
        """Undisturbed answers at temperature 0, which every later one must begin like."""
        for body in bodies:
            # On a machine that does much else, one may fail for that.
            call = next((call for call in (self.ask(body) for _ in range(tries)) if call.outcome == COMPLETE), None)
            if not call:
                raise RuntimeError(f"undisturbed requests fail: {self.calls}")
            self.texts[body["prompt"]] = call.text
        self.calls.clear()

    def ask(self, body, headers=None, leave=None, at=None):
        """Sends one request and reads its answer to the end.

        `leave(call)`: "fin" or "rst" to hang up then, asked before the answer and after every token; None to stay.
        `at(call)`: told of every token.
        """
        with self.lock:
            self.begun += 1
            call = Call(self.begun)
        try:
            self._ask(call, body, headers or {}, leave or (lambda _: None), at or (lambda _: None))
        except (TimeoutError, socket.timeout):
            call.outcome = HUNG
        except (OSError, http.client.HTTPException) as error:
            # Before the answer's head this is a refusal; in a stream it is an end without a word.
            call.outcome, call.code = (TRUNCATED if call.status == 200 else ERROR), type(error).__name__
        call.ended = time.monotonic()
        expected = self.texts.get(body["prompt"])
        if expected is not None and call.outcome in (COMPLETE, ERROR, CANCELLED):
            same = call.text == expected if call.outcome == COMPLETE else expected.startswith(call.text)
            if not same:
                call.outcome, call.code = WRONG, f"{call.text!r} instead of {expected!r}"
        with self.lock:
            self.calls.append(call)
        return call

    def _ask(self, call, body, headers, leave, at):
        connection = http.client.HTTPConnection(self.host, self.port, timeout=self.silence)
        try:
            connection.request("POST", "/v1/completions", json.dumps(body),
                               {"content-type": "application/json", **self.headers, **headers})
            sock = connection.sock
            if self._left(call, leave, sock):
                return
            answer = connection.getresponse()
            call.status, call.headers = answer.status, dict(answer.headers.items())
            if not body.get("stream"):
                whole = json.loads(answer.read())
                call.outcome = ERROR if call.status >= 400 else COMPLETE
                call.refused(whole)
                call.text = "".join(choice["text"] for choice in whole.get("choices", []))
                return
            if call.status != 200:
                call.outcome = ERROR
                call.refused(json.loads(answer.read()))
                return
            for line in answer:
                if not line.startswith(b"data: "):
                    continue
                if line.startswith(b"data: [DONE]"):
                    call.outcome = WRONG if call.outcome else COMPLETE
                    continue
                chunk = json.loads(line[6:])
                if "error" in chunk:
                    call.outcome = ERROR
                    call.refused(chunk)
                    continue
                piece = "".join(choice["text"] for choice in chunk.get("choices", []))
                if piece:
                    call.first = call.first or time.monotonic()
                    call.tokens += 1
                    call.text += piece
                    at(call)
                    if self._left(call, leave, sock):
                        return
            call.outcome = call.outcome or TRUNCATED
        finally:
            connection.close()

    @staticmethod
    def _left(call, leave, sock):
        how = leave(call)
        if how is None:
            return False
        call.outcome = CANCELLED
        if how == "rst":
            reset(sock)
        return True

    def several(self, bodies, headers=lambda number: {}, leave=None, at=None):
        """Sends all at once; a function that waits for them and gives the calls in the order of the bodies."""
        results = [None] * len(bodies)

        def one(i):
            results[i] = self.ask(bodies[i], headers(i), leave, at)

        threads = [threading.Thread(target=one, args=(i,), daemon=True) for i in range(len(bodies))]
        for thread in threads:
            thread.start()

        def wait():
            for thread in threads:
                thread.join()
            return results

        return wait


def outcomes(calls):
    """How many ended in which way."""
    return dict(collections.Counter(call.outcome for call in calls))


def forbidden(calls):
    return [call for call in calls if call.outcome in FORBIDDEN]


class Load:
    """Clients that ask one request after the other while the block runs."""

    def __init__(self, ledger, bodies, clients=4, headers=None):
        self.ledger, self.bodies, self.clients, self.headers = ledger, bodies, clients, headers
        self.over, self.calls, self.lock = False, [], threading.Lock()

    def __enter__(self):
        self.threads = [threading.Thread(target=self._client, args=(n,), daemon=True) for n in range(self.clients)]
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.over = True
        for thread in self.threads:
            thread.join()

    def _client(self, number):
        turn = number
        while not self.over:
            call = self.ledger.ask(self.bodies[turn % len(self.bodies)], self.headers)
            turn += self.clients
            with self.lock:
                self.calls.append(call)
            if call.outcome == ERROR:
                time.sleep(0.2)

    def rate(self, begin, end):
        """Whole answers a second that ended between two times."""
        with self.lock:
            done = sum(call.outcome == COMPLETE and begin <= call.ended < end for call in self.calls)
        return done / (end - begin)

    def recovery(self, began, healed, window=4.0):
        """Seconds after `healed` until answers come as often as before `began` (95 %), in windows of some seconds."""
        before = self.rate(began - 2 * window, began)
        for step in range(600):
            at = healed + step * 0.25
            if at + window > time.monotonic():
                return None
            if self.rate(at, at + window) >= 0.95 * before:
                return round(step * 0.25, 2)
        return None


def open_loop(ledger, rate, seconds, request, chance):
    """Sends requests at random times, `rate` a second in the mean, whatever becomes of those before.

    `request()` gives a kind, a body and headers. Gives pairs of kind and call, when all have ended.
    """
    pairs, threads, at = [], [], time.monotonic()
    until = at + seconds

    def one(kind, body, headers):
        pairs.append((kind, ledger.ask(body, headers)))

    while (at := at + chance.expovariate(rate)) < until:
        time.sleep(max(0, at - time.monotonic()))
        threads.append(threading.Thread(target=one, args=request(), daemon=True))
        threads[-1].start()
        threads = [thread for thread in threads if thread.is_alive()]
    for thread in threads:
        thread.join()
    return pairs
