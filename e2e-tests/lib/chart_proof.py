"""The chart, by the tools that people use and by a real Kubernetes API."""

import copy
import json
import pathlib
import subprocess
import tempfile
import sys
import time

try:
    import yaml
except ImportError:
    sys.exit("this proof needs PyYAML. Run: pip install pyyaml")

import tools
from cluster import ADDRESS, Cluster, run
from proof import MODELS, ROOT

CHART = ROOT / "helm/gearbox"
SCHEMAS = ROOT / "helm/schemas/objects.json"
VALUES = sorted((CHART / "ci").glob("*-values.yaml"))
NAMESPACE, RELEASE = "llm", "prod"
CUSTOM = {
    "github.com/prometheus-operator/prometheus-operator@v0.85.0": [
        f"example/prometheus-operator-crd/monitoring.coreos.com_{kind}.yaml" for kind in ("servicemonitors", "podmonitors", "prometheusrules")],
    "github.com/kedacore/keda/v2@v2.21.0": ["config/crd/bases/keda.sh_scaledobjects.yaml"],
    "sigs.k8s.io/gateway-api@v1.6.0": ["config/crd/standard/gateway.networking.k8s.io_httproutes.yaml"],
}
# What checkov asks for and the chart does not do, and why.
WAIVED = {
    "CKV_K8S_43": "a digest is the user's to give (image.digest)",
    "CKV_K8S_15": "a tag that is pinned needs no pull at each start (image.pullPolicy)",
    "CKV_K8S_35": "what stands in the environment is the digest of a key, not the key",
    "CKV_K8S_38": "the gateway asks the API for endpoint slices",
    "CKV_K8S_8": "the pod of helm test ends by itself and has no probes",
    "CKV_K8S_9": "the pod of helm test ends by itself and has no probes",
}
LINT = """
extends: default
rules: {line-length: disable, document-start: disable, commas: disable, indentation: {indent-sequences: whatever}, braces: {max-spaces-inside: 1}}
"""


def rendered(values):
    return run(tools.go("helm"), "template", RELEASE, CHART, "-n", NAMESPACE, "--kube-version", tools.KUBERNETES, "-f", values).stdout


def files(proof, folder):
    """helm, yamllint, kubeconform, checkov and helm-docs."""
    texts = {}
    for values in VALUES:
        done = run(tools.go("helm"), "lint", "--strict", CHART, "--kube-version", tools.KUBERNETES, "-f", values, check=False)
        proof.check(done.returncode == 0, f"helm lint --strict with {values.name}" + ("" if done.returncode == 0 else done.stdout[-800:]))
        texts[values.stem] = rendered(values)
        (folder / values.name).write_text(texts[values.stem])
    done = run(tools.python("yamllint"), "-s", "-d", LINT, folder, CHART / "values.yaml", CHART / "Chart.yaml", CHART / "ci", check=False)
    proof.check(done.returncode == 0, f"yamllint finds nothing {done.stdout[-800:]}")

    schemas = json.loads(SCHEMAS.read_text())
    place = folder / "schemas"
    place.mkdir()
    for kind, schema in schemas["kinds"].items():
        *group, version, name = kind.split("/")
        suffix = "-".join([part.split(".")[0] for part in group] + [version])
        (place / f"{name.lower()}-{suffix}.json").write_text(json.dumps({**schema, "definitions": schemas["definitions"]}))
    location = str(place / "{{ .ResourceKind }}{{ .KindSuffix }}.json")
    done = run(tools.go("kubeconform"), "-strict", "-summary", "-output", "json", "-schema-location", location,
               *[folder / values.name for values in VALUES], check=False)
    summary = json.loads(done.stdout)["summary"]
    proof.check(done.returncode == 0 and summary["skipped"] == 0, f"kubeconform -strict: {summary} {'' if done.returncode == 0 else done.stdout[-1500:]}")

    done = run(tools.python("checkov"), "-d", folder, "--framework", "kubernetes", "--skip-download", "-o", "json", "--skip-check", ",".join(WAIVED), check=False)
    found = json.loads(done.stdout)
    failed = sorted({f"{each['check_id']} {each['resource']}" for each in found["results"]["failed_checks"]})
    proof.check(not failed and found["summary"]["passed"] > 500, f"checkov: {found['summary']['passed']} checks pass, {len(WAIVED)} waived {failed[:5]}")

    done = run(tools.go("helm-docs"), "-c", CHART, "-d", check=False)
    proof.check(done.stdout.strip() == (CHART / "README.md").read_text().strip(), "README.md of the chart is as helm-docs writes it")
    return texts, {"objects": summary["valid"], "checkov": found["summary"]["passed"]}


def crds(cluster):
    for module, paths in CUSTOM.items():
        for path in paths:
            cluster.create("/apis/apiextensions.k8s.io/v1/customresourcedefinitions", yaml.safe_load((tools.module(module) / path).read_text()))
    pool = json.loads((ROOT / "helm/schemas/inferencepool.json").read_text())["properties"]["spec"]
    text = json.dumps(pool).replace('"uniqueItems": true, ', "").replace('"additionalProperties": false, ', "")
    cluster.create("/apis/apiextensions.k8s.io/v1/customresourcedefinitions", {
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {"name": "inferencepools.inference.networking.k8s.io", "annotations": {"api-approved.kubernetes.io": "https://github.com/kubernetes-sigs/gateway-api-inference-extension"}},
        "spec": {"group": "inference.networking.k8s.io", "scope": "Namespaced",
                 "names": {"kind": "InferencePool", "plural": "inferencepools", "singular": "inferencepool", "listKind": "InferencePoolList"},
                 "versions": [{"name": "v1", "served": True, "storage": True,
                               "schema": {"openAPIV3Schema": {"type": "object", "properties": {"spec": json.loads(text)}}}}]}})


def namespace(cluster, name):
    """Pods in it must be as restricted as Kubernetes' strictest standard has them."""
    cluster.create("/api/v1/namespaces", {"apiVersion": "v1", "kind": "Namespace", "metadata": {
        "name": name, "labels": {"pod-security.kubernetes.io/enforce": "restricted", "pod-security.kubernetes.io/enforce-version": "latest"}}})
    until = time.monotonic() + 20
    while time.monotonic() < until and cluster.ask("GET", f"/api/v1/namespaces/{name}")[0] != 200:
        time.sleep(0.2)


def installs(proof, cluster, texts):
    """Every object of every file of values is taken, every pod of them too."""
    crds(cluster)
    time.sleep(2)
    namespace(cluster, "monitoring")
    pods = 0
    for values in VALUES:
        name = values.stem.replace("-values", "-install")
        namespace(cluster, name)
        cluster.create(f"/api/v1/namespaces/{name}/serviceaccounts", {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "default"}})
        cluster.create(f"/api/v1/namespaces/{name}/serviceaccounts", {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "gateways"}})
        done = cluster.helm("install", RELEASE, CHART, "-n", name, "-f", values, check=False)
        proof.check(done.returncode == 0, f"helm install with {values.name} {'' if done.returncode == 0 else done.stderr[-1500:]}")
        if "priorityClassName: serving" in texts[values.stem]:
            cluster.create("/apis/scheduling.k8s.io/v1/priorityclasses", {"apiVersion": "scheduling.k8s.io/v1", "kind": "PriorityClass", "metadata": {"name": "serving"}, "value": 1000})
            time.sleep(1)
        for document in yaml.safe_load_all(texts[values.stem]):
            pod = (document or {}).get("spec", {}).get("template") if (document or {}).get("kind") != "Pod" else document
            if pod:
                made = copy.deepcopy(pod)
                claims = document["spec"].get("volumeClaimTemplates", []) if document is not pod else []
                made["spec"].setdefault("volumes", []).extend(
                    {"name": each["metadata"]["name"], "persistentVolumeClaim": {"claimName": each["metadata"]["name"]}} for each in claims)
                made.update(apiVersion="v1", kind="Pod", metadata={**pod["metadata"], "name": f"{document['metadata']['name']}-0", "namespace": name})
                cluster.create(f"/api/v1/namespaces/{name}/pods", made)
                pods += 1
    proof.check(pods >= 10, f"the API server takes all {pods} pods under the Pod Security Standard 'restricted'")
    return pods


def keys_stay(proof, cluster):
    name = "default-chart"
    namespace(cluster, name)
    cluster.helm("install", RELEASE, CHART, "-n", name)
    before = [cluster.secret(name, f"{RELEASE}-gearbox-{each}") for each in ("api-key", "engine-key")]
    cluster.helm("upgrade", RELEASE, CHART, "-n", name, "--set", "gateway.replicaCount=3")
    after = [cluster.secret(name, f"{RELEASE}-gearbox-{each}") for each in ("api-key", "engine-key")]
    proof.check(before == after, "helm upgrade keeps the keys that the first install made")
    cluster.helm("rollback", RELEASE, "1", "-n", name)
    proof.check([cluster.secret(name, f"{RELEASE}-gearbox-{each}") for each in ("api-key", "engine-key")] == before, "so does helm rollback")
    return name


def rights(proof, cluster, name):
    token = (cluster.account(name, f"{RELEASE}-gearbox-gateway") / "token").read_text()
    allowed = {path: cluster.ask("GET", path, token=token)[0] for path in (
        f"/apis/discovery.k8s.io/v1/namespaces/{name}/endpointslices", f"/api/v1/namespaces/{name}/secrets", f"/api/v1/namespaces/{name}/pods",
        "/apis/discovery.k8s.io/v1/namespaces/monitoring/endpointslices", f"/apis/discovery.k8s.io/v1/namespaces/{name}/endpointslices?watch=true")}
    proof.check(list(allowed.values()) == [200, 403, 403, 403, 403], f"the gateway's account may list endpoint slices and nothing else {allowed}")


def slice_of(name, ready):
    return {"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "addressType": "IPv4",
            "metadata": {"name": "cpu-1", "namespace": name, "labels": {"kubernetes.io/service-name": f"{RELEASE}-gearbox-engine-cpu"}},
            "ports": [{"name": "http", "port": 8081, "protocol": "TCP"}], "endpoints": [{"addresses": [ADDRESS], "conditions": {"ready": ready}}]}


def container(cluster, name, workload, folder):
    """Arguments and environment of a workload's container, as a kubelet would make them, its folders put under `folder`."""
    status, found = cluster.ask("GET", f"/apis/apps/v1/namespaces/{name}/deployments/{workload}")
    spec = found["spec"]["template"]["spec"]["containers"][0]
    environment = {}
    for each in spec["env"]:
        source = each.get("valueFrom", {}).get("secretKeyRef")
        environment[each["name"]] = cluster.secret(name, source["name"])[source["key"]] if source else each["value"]
    environment["GEARBOX_MODELS"] = str(MODELS)
    environment.pop("JDK_JAVA_OPTIONS")
    return [each.replace("/etc/gearbox", str(folder)) for each in spec["args"]], environment


def curl(cluster, path, key="", body=None):
    done = run(*cluster.inside("curl", "-s", "-m", "30", "-w", "\n%{http_code}", f"http://{ADDRESS}:8080{path}", *(["-H", f"authorization: Bearer {key}"] if key else []),
                               *(["-H", "content-type: application/json", "-d", json.dumps(body)] if body else [])), check=False)
    text, _, status = done.stdout.rpartition("\n")
    return int(status or 0), text


def becomes(cluster, wanted, seconds=60):
    began = time.monotonic()
    while time.monotonic() < began + seconds:
        if curl(cluster, "/health/ready")[0] == wanted:
            return time.monotonic() - began
        time.sleep(0.2)
    return None


def discovery(proof, cluster, name):
    """Gateway and engine as the chart starts them, which find each other through the API."""
    folder = cluster.folder / "etc"
    for part in ("config", "engine-key"):
        (folder / part).mkdir(parents=True)
    status, found = cluster.ask("GET", f"/api/v1/namespaces/{name}/configmaps/{RELEASE}-gearbox-gateway")
    for file, text in found["data"].items():
        text = text.replace("/etc/gearbox", str(folder)).replace("/var/lib/gearbox", str(cluster.folder / "state"))
        (folder / "config" / file).write_text(text)
    (folder / "engine-key/key").write_text(cluster.secret(name, f"{RELEASE}-gearbox-engine-key")["key"])
    done = run(ROOT / "gearbox", "config", "check", folder / "config/gearbox.yaml", check=False)
    proof.check(done.returncode == 0, f"gearbox config check takes the configuration of the cluster {done.stdout}{done.stderr}")

    account = cluster.account(name, f"{RELEASE}-gearbox-gateway")
    arguments, environment = container(cluster, name, f"{RELEASE}-gearbox-engine-cpu", folder)
    cluster.start([ROOT / "gearbox", *arguments], "engine.log", environment)
    arguments, environment = container(cluster, name, f"{RELEASE}-gearbox-gateway", folder)
    # The account's files lie where a pod has them, seen by this process alone.
    mount = ('mount -t tmpfs none /run && mkdir -p /run/secrets/kubernetes.io && ln -s "$1" /run/secrets/kubernetes.io/serviceaccount && shift && exec "$@"')
    gateway = cluster.start(["unshare", "-m", "bash", "-c", mount, "gateway", account, ROOT / "gearbox", *arguments], "gateway.log",
                            {**environment, "KUBERNETES_SERVICE_HOST": ADDRESS, "KUBERNETES_SERVICE_PORT": "6443"})
    live = time.monotonic() + 90
    while time.monotonic() < live and curl(cluster, "/health/live")[0] != 200:
        time.sleep(0.3)
    proof.check(curl(cluster, "/health/live")[0] == 200 and curl(cluster, "/health/ready")[0] == 503,
                f"without endpoints the gateway is live and not ready {'' if gateway.poll() is None else cluster.log('gateway.log')[-1500:]}")
    cluster.create(f"/apis/discovery.k8s.io/v1/namespaces/{name}/endpointslices", slice_of(name, True))
    joined = becomes(cluster, 200)
    proof.check(joined is not None, f"it is ready {joined and round(joined, 1)} s after an endpoint slice came {'' if joined else cluster.log('gateway.log')[-1500:] + cluster.log('engine.log')[-1500:]}")
    key = cluster.secret(name, f"{RELEASE}-gearbox-api-key")["key"]
    body = {"model": "auto", "max_tokens": 4, "messages": [{"role": "user", "content": "Hi"}]}
    status, text = curl(cluster, "/v1/chat/completions", key, body)
    proof.check(status == 200 and '"choices"' in text, f"it answers with the key of its Secret ({status}) {'' if status == 200 else text[:500]}")
    refused = [curl(cluster, "/v1/chat/completions", each, body)[0] for each in ("", "wrong")]
    engine = run(*cluster.inside("curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", f"http://{ADDRESS}:8081/v1/models")).stdout
    proof.check(refused == [401, 401] and engine == "401", f"and nobody without it, nor does the engine ({refused}, {engine})")
    status, _ = cluster.ask("PUT", f"/apis/discovery.k8s.io/v1/namespaces/{name}/endpointslices/cpu-1", slice_of(name, False))
    left = becomes(cluster, 503)
    proof.check(status == 200 and left is not None, f"it lets the engine go {left and round(left, 1)} s after the endpoint was no longer ready")
    return {"joined_s": joined and round(joined, 1), "left_s": left and round(left, 1)}


def chart(proof):
    subprocess.run([str(ROOT / "gearbox"), "pull", "smollm2"], check=True)
    with tempfile.TemporaryDirectory(prefix="gearbox-chart-") as folder:
        texts, figures = files(proof, pathlib.Path(folder))
    with Cluster() as cluster:
        proof.say(f"kube-apiserver {tools.KUBERNETES} and etcd, no kubelet, no controllers")
        figures["pods"] = installs(proof, cluster, texts)
        name = keys_stay(proof, cluster)
        rights(proof, cluster, name)
        figures["discovery"] = discovery(proof, cluster, name)
    return figures
