"""A Kubernetes API of its own: etcd and kube-apiserver in a network namespace that holds nothing else. No kubelet and no controllers, so
no pod runs and no endpoint slice is made but by the proof; what is stored, refused and allowed is decided by the real thing."""

import base64
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import tools

ADDRESS = "10.77.0.1"
ADMIN = "proof-admin-token"


def run(*command, text=None, check=True):
    done = subprocess.run([str(part) for part in command], input=text, capture_output=True, text=True)
    if check and done.returncode:
        raise RuntimeError(f"{' '.join(map(str, command))[:200]}: {done.stdout[-1500:]}{done.stderr[-1500:]}")
    return done


class Cluster:
    def __init__(self):
        if os.geteuid() != 0:
            sys.exit("this proof makes a network namespace: run it as root")
        tools.need("etcd", "apt-get install etcd-server")
        tools.need("ip", "apt-get install iproute2")
        tools.need("openssl", "apt-get install openssl")
        self.server = tools.kube_apiserver()
        self.name = f"gearbox-{os.getpid()}"
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="gearbox-cluster-"))
        self.programs = []

    def inside(self, *command):
        """A command as it is run in the cluster's network."""
        return ["ip", "netns", "exec", self.name, *map(str, command)]

    def start(self, command, log, environment=None):
        with open(self.folder / log, "w") as out:
            process = subprocess.Popen(self.inside(*command), stdout=out, stderr=subprocess.STDOUT, start_new_session=True,
                                       env={**os.environ, **(environment or {})})
        self.programs.append(process)
        return process

    def log(self, name):
        return (self.folder / name).read_text()

    def __enter__(self):
        try:
            self._up()
        except BaseException:
            self.__exit__()
            raise
        return self

    def _up(self):
        run("ip", "netns", "add", self.name)
        run("ip", "-n", self.name, "link", "set", "lo", "up")
        run("ip", "-n", self.name, "addr", "add", f"{ADDRESS}/32", "dev", "lo")
        self._certificates()
        (self.folder / "tokens.csv").write_text(f'{ADMIN},admin,admin,"system:masters"\n')
        self.start(["etcd", "--data-dir", self.folder / "etcd", "--listen-client-urls", "http://127.0.0.1:2379",
                    "--advertise-client-urls", "http://127.0.0.1:2379", "--listen-peer-urls", "http://127.0.0.1:2380"], "etcd.log")
        self.start([self.server, "--etcd-servers=http://127.0.0.1:2379", "--secure-port=6443", f"--advertise-address={ADDRESS}",
                    f"--tls-cert-file={self.folder}/server.crt", f"--tls-private-key-file={self.folder}/server.key",
                    f"--token-auth-file={self.folder}/tokens.csv", "--authorization-mode=RBAC", "--service-cluster-ip-range=10.78.0.0/16",
                    "--service-account-issuer=https://kubernetes.default.svc", f"--service-account-key-file={self.folder}/account.pub",
                    f"--service-account-signing-key-file={self.folder}/account.key"], "apiserver.log")
        self.kubeconfig = self.folder / "kubeconfig"
        self.kubeconfig.write_text(json.dumps({
            "apiVersion": "v1", "kind": "Config", "current-context": "proof",
            "clusters": [{"name": "proof", "cluster": {"server": f"https://{ADDRESS}:6443", "certificate-authority": str(self.folder / "ca.crt")}}],
            "users": [{"name": "admin", "user": {"token": ADMIN}}],
            "contexts": [{"name": "proof", "context": {"cluster": "proof", "user": "admin"}}]}))
        until = time.monotonic() + 120
        while True:
            status, _ = self.ask("GET", "/readyz")
            if status == 200:
                break
            if time.monotonic() > until or any(each.poll() is not None for each in self.programs):
                sys.exit(f"no API server:\n{self.log('apiserver.log')[-2000:]}")
            time.sleep(0.3)

    def _certificates(self):
        def openssl(*arguments):
            run("openssl", *arguments)
        place = self.folder
        openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=proof-ca", "-keyout", place / "ca.key", "-out", place / "ca.crt")
        openssl("req", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=kube-apiserver", "-keyout", place / "server.key", "-out", place / "server.csr")
        (place / "names").write_text(f"subjectAltName=IP:{ADDRESS},IP:127.0.0.1,DNS:kubernetes.default.svc\n")
        openssl("x509", "-req", "-in", place / "server.csr", "-CA", place / "ca.crt", "-CAkey", place / "ca.key", "-CAcreateserial", "-days", "2",
                "-extfile", place / "names", "-out", place / "server.crt")
        openssl("genrsa", "-out", place / "account.key", "2048")
        openssl("rsa", "-in", place / "account.key", "-pubout", "-out", place / "account.pub")

    def ask(self, method, path, body=None, token=ADMIN, kind="application/json"):
        """Status and answer of a request to the API, by curl, which is in its network."""
        command = self.inside("curl", "-s", "--cacert", self.folder / "ca.crt", "-X", method, "-H", f"authorization: Bearer {token}",
                              "-H", f"content-type: {kind}", "-w", "\n%{http_code}", f"https://{ADDRESS}:6443{path}",
                              *(["--data-binary", "@-"] if body is not None else []))
        done = subprocess.run(command, input=None if body is None else json.dumps(body), capture_output=True, text=True)
        text, _, status = done.stdout.rpartition("\n")
        try:
            return int(status or 0), json.loads(text)
        except ValueError:
            return int(status or 0), text

    def create(self, path, body):
        status, answer = self.ask("POST", path, body)
        if status not in (200, 201):
            raise RuntimeError(f"{path} {body.get('kind')}: {status} {str(answer)[:1500]}")
        return answer

    def helm(self, *arguments, check=True):
        environment = ["env", f"KUBECONFIG={self.kubeconfig}", f"HOME={self.folder}"]
        return run(*self.inside(*environment, tools.go("helm"), *arguments), check=check)

    def account(self, namespace, name):
        """What a pod of that service account finds: a folder with its token and the cluster's certificate."""
        token = self.create(f"/api/v1/namespaces/{namespace}/serviceaccounts/{name}/token", {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {}})
        folder = self.folder / name
        folder.mkdir(exist_ok=True)
        (folder / "token").write_text(token["status"]["token"])
        shutil.copy(self.folder / "ca.crt", folder / "ca.crt")
        return folder

    def secret(self, namespace, name):
        status, answer = self.ask("GET", f"/api/v1/namespaces/{namespace}/secrets/{name}")
        return {key: base64.b64decode(value).decode() for key, value in answer["data"].items()}

    def __exit__(self, *_):
        for process in reversed(self.programs):
            try:
                os.killpg(process.pid, signal.SIGTERM)
                process.wait(30)
            except (ProcessLookupError, subprocess.TimeoutExpired):
                process.kill()
        run("ip", "netns", "del", self.name, check=False)
        shutil.rmtree(self.folder, ignore_errors=True)
