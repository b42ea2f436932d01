"""A real Prometheus and a real collector of traces, for proofs."""

import concurrent.futures
import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.parse

from proof import HOME, ROOT, Program, fetch, free_port

RULES = ROOT / "helm/gearbox/files/rules/gearbox.yaml"


class Prometheus(Program):
    """Scrapes these ports of this machine each second, with these rule files."""

    def __init__(self, targets, rules=()):
        if not shutil.which("prometheus"):
            sys.exit("needs Prometheus. Run: apt-get install prometheus")
        self.folder = tempfile.TemporaryDirectory(prefix="gearbox-prometheus-")
        home = pathlib.Path(self.folder.name)
        (home / "prometheus.yml").write_text(json.dumps({
            "global": {"scrape_interval": "1s", "scrape_timeout": "1s", "evaluation_interval": "1s"},
            "rule_files": [str(each) for each in rules],
            "scrape_configs": [{"job_name": "gearbox", "static_configs": [{"targets": [f"127.0.0.1:{port}" for port in targets]}]}]}))
        port = free_port()
        super().__init__([
            "prometheus", f"--config.file={home}/prometheus.yml", f"--storage.tsdb.path={home}/data",
            f"--web.listen-address=127.0.0.1:{port}", "--enable-feature=exemplar-storage"], port)
        self.wait_for(f"{self.url}/-/ready")

    def __exit__(self, *error):
        super().__exit__(*error)
        self.folder.cleanup()

    def ask(self, what, **query):
        return json.loads(fetch(f"{self.url}/api/v1/{what}?{urllib.parse.urlencode(query)}")[1])["data"]

    def value(self, expression):
        """Sum of what the expression gives; None where it gives nothing."""
        found = self.ask("query", query=expression)["result"]
        return sum(float(each["value"][1]) for each in found) if found else None

    def firing(self, name):
        return [each["labels"] for each in self.ask("alerts")["alerts"]
                if each["state"] == "firing" and each["labels"]["alertname"] == name]


def queries(dashboard, rate="1m", whole="5m"):
    """Every query of every panel, with its variables as Grafana would set them to All."""
    for panel in dashboard["panels"]:
        for target in panel["targets"]:
            expression = target["expr"].replace("$__rate_interval", rate).replace("$__range", whole)
            yield panel["title"], re.sub(r"\$(model|class|pool|variant)\b", ".*", expression)


def empty_panels(prometheus, dashboards):
    """The queries that give no data, or nothing but NaN."""
    empty, asked = [], 0
    for file in dashboards:
        dashboard = json.loads(file.read_text())
        for title, expression in queries(dashboard):
            asked += 1
            found = prometheus.ask("query", query=expression)["result"]
            if not any(each["value"][1] != "NaN" for each in found):
                empty.append(f"{dashboard['title']}: {title}: {expression}")
    return empty, asked


class Collector:
    """An OpenTelemetry collector that keeps what it is told: OTLP over gRPC, by the official service definition."""

    def __init__(self):
        self._libraries()
        import grpc
        from opentelemetry.proto.collector.trace.v1 import trace_service_pb2, trace_service_pb2_grpc
        self.spans = []
        outer = self

        class Service(trace_service_pb2_grpc.TraceServiceServicer):
            def Export(self, request, context):  # noqa: N802 - the service's own name
                for resource in request.resource_spans:
                    for scope in resource.scope_spans:
                        outer.spans.extend(scope.spans)
                return trace_service_pb2.ExportTraceServiceResponse()

        self.server = grpc.server(concurrent.futures.ThreadPoolExecutor(2))
        trace_service_pb2_grpc.add_TraceServiceServicer_to_server(Service(), self.server)
        self.port = self.server.add_insecure_port("127.0.0.1:0")
        self.url = f"http://127.0.0.1:{self.port}"
        self.server.start()

    @staticmethod
    def _libraries():
        """Into a folder of their own, once on a machine."""
        folder = HOME / "otlp-python"
        if not (folder / "grpc").is_dir():
            subprocess.run([sys.executable, "-m", "pip", "install", "-q", "--target", str(folder), "grpcio", "opentelemetry-proto"], check=True)
        if str(folder) not in sys.path:
            sys.path.insert(0, str(folder))

    def trace(self, trace_id, limit=30):
        """Spans of a trace by name, once its request has been told of."""
        until = time.monotonic() + limit
        while time.monotonic() < until:
            found = {span.name: span for span in list(self.spans) if span.trace_id.hex() == trace_id}
            if found:
                return found
            time.sleep(0.1)
        return {}

    def close(self):
        self.server.stop(None)
