"""Dashboards against Grafana's published schema: the TypeScript types of npm's @grafana/schema, as JSON Schema."""

import json
import pathlib
import subprocess

from proof import HOME

PACKAGES = ["@grafana/schema@13.2.3", "ts-json-schema-generator@2.4.0"]
RAW = "./node_modules/@grafana/schema/dist/types/raw"
TYPES = {  # our name of it: where it is, what it is called there
    "dashboard": ("dashboard/x/types.gen", "Dashboard"),
    "timeseries": ("composable/timeseries/panelcfg/x/types.gen", "Options"),
    "timeseries-custom": ("composable/timeseries/panelcfg/x/types.gen", "FieldConfig"),
    "stat": ("composable/stat/panelcfg/x/types.gen", "Options"),
    "heatmap": ("composable/heatmap/panelcfg/x/types.gen", "Options"),
}
CONFIG = {"compilerOptions": {"moduleResolution": "bundler", "module": "esnext", "target": "es2022", "strict": True, "skipLibCheck": True}}


def schemas():
    """A validator for each type, made on the first call on a machine."""
    import jsonschema

    folder = HOME / "grafana-schema" / PACKAGES[0].rsplit("@", 1)[1]
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / "node_modules").is_dir():
        (folder / "package.json").write_text("{}")
        subprocess.run(["npm", "install", "--no-audit", "--no-fund", "--silent", *PACKAGES], cwd=folder, check=True)
    (folder / "tsconfig.json").write_text(json.dumps(CONFIG))
    for name, (where, type_name) in TYPES.items():
        if not (folder / f"{name}.json").is_file():
            (folder / f"{name}.ts").write_text(f"import {{ {type_name} as It }} from '{RAW}/{where}';\nexport type Root = It;\n")
            subprocess.run(["npx", "ts-json-schema-generator", "--path", f"{name}.ts", "--type", "Root", "--tsconfig", "tsconfig.json",
                            "--no-type-check", "--out", f"{name}.json"], cwd=folder, check=True)
    return {name: jsonschema.Draft7Validator(json.loads((folder / f"{name}.json").read_text())) for name in TYPES}


def faults(files):
    """What is wrong in dashboards, one line each."""
    validators, found = schemas(), []

    def hold(kind, value, where):
        for error in validators[kind].iter_errors(value):
            # Of a union, the alternative that came furthest says most.
            best = max(error.context, key=lambda each: len(each.absolute_path), default=error)
            path = "/".join(str(part) for part in best.absolute_path)
            found.append(f"{where} {path}: {best.message[:200]}")

    for file in map(pathlib.Path, files):
        dashboard = json.loads(file.read_text())
        hold("dashboard", dashboard, file.name)
        for panel in dashboard["panels"]:
            where = f"{file.name} '{panel['title']}'"
            hold(panel["type"], panel["options"], where)
            if panel["type"] == "timeseries":
                hold("timeseries-custom", panel["fieldConfig"]["defaults"]["custom"], where)
    return found
