"""The image, built without a daemon and a registry, and run as a container would run it: its files alone, read only, as nobody in particular."""

import hashlib
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
import urllib.error

from proof import MODELS, ROOT, fetch, free_port

USER = 65532


def unpacked(tar, root):
    """The layers over each other, and the configuration."""
    with tarfile.open(tar) as image:
        manifest = json.load(image.extractfile("manifest.json"))[0]
        for layer in manifest["Layers"]:
            with tarfile.open(fileobj=image.extractfile(layer)) as files:
                files.extractall(root, filter="tar")
        return json.load(image.extractfile(manifest["Config"]))["config"], len(manifest["Layers"])


def members(tar):
    """What is in each layer, by the layer's place and the file's name."""
    found = {}
    with tarfile.open(tar) as image:
        for place, layer in enumerate(json.load(image.extractfile("manifest.json"))[0]["Layers"]):
            with tarfile.open(fileobj=image.extractfile(layer)) as files:
                for each in files:
                    content = hashlib.sha256(files.extractfile(each).read()).hexdigest() if each.isfile() else each.linkname
                    found[place, each.name] = {"size": each.size, "mode": oct(each.mode), "owner": (each.uid, each.gid), "time": each.mtime, "content": content}
    return found


def differences(one, two):
    """What one image has otherwise than another, file by file."""
    first, second = members(one), members(two)
    for key in sorted(first.keys() | second.keys()):
        before, after = first.get(key), second.get(key)
        if before is None or after is None:
            yield f"layer {key[0]}: {key[1]} is in the {'second' if before is None else 'first'} alone"
        elif before != after:
            yield f"layer {key[0]}: {key[1]} " + ", ".join(f"{what} {before[what]} and {after[what]}" for what in before if before[what] != after[what])


# A container's view: the image read only, what Kubernetes mounts writable, no other file of this machine.
RUN = """
set -e
mine=$PATH PATH=/usr/sbin:/usr/bin:/sbin:/bin
root=$1; shift
mount --bind "$root" "$root" && mount -o remount,bind,ro "$root"
for each in tmp var/lib/gearbox; do mount -t tmpfs -o mode=0777 none "$root/$each"; done
mount --bind "$MODELS" "$root/models" && mount -o remount,bind,ro "$root/models"
mount -t proc proc "$root/proc" && mount --rbind /dev "$root/dev"
chroot=$(command -v chroot) PATH=$mine
exec "$chroot" --userspec=65532:65532 "$root" "$@"
"""


def contained(root, config, arguments, **options):
    environment = {**dict(each.split("=", 1) for each in config["Env"]), "MODELS": str(MODELS)}
    return subprocess.Popen(["/usr/bin/unshare", "-m", "/bin/bash", "-c", RUN, "image", root, *config["Entrypoint"], *arguments], env=environment,
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **options)


def image(proof):
    if os.geteuid() != 0:
        sys.exit("this proof runs the image in a mount namespace: run it as root")
    subprocess.run([str(ROOT / "gearbox"), "pull", "smollm2"], check=True)
    folder = pathlib.Path(tempfile.mkdtemp(prefix="gearbox-image-"))
    try:
        # Here, over what earlier builds left, and elsewhere, where nothing was built.
        sources = folder / "sources"
        shutil.copytree(ROOT, sources, ignore=shutil.ignore_patterns("target", ".git"), symlinks=True)
        tars = [folder / "one.tar", folder / "two.tar"]
        for tree, tar in zip((ROOT, sources), tars):
            subprocess.run([str(tree / "helm/image/build"), "--tar", str(tar), "--name", "gearbox:proof"], check=True)
        with tarfile.open(tars[0]) as one, tarfile.open(tars[1]) as two:
            same = sorted(one.getnames()) == sorted(two.getnames())
        other = [] if same else list(differences(*tars))
        proof.check(same, "two builds, one of sources alone in another place, give the same layers by their digests" + "".join(f"\n    {each}" for each in other[:20]))
        root = folder / "root"
        root.mkdir()
        config, layers = unpacked(tars[0], root)
        for each in ("proc", "dev"):
            (root / each).mkdir()
        proof.check(config["User"] == f"{USER}:{USER}", "it runs as a user that is not root")
        writable = [str(path) for path in root.rglob("*") if path.is_file() and path.stat().st_mode & 0o6002]
        proof.check(not writable, f"no file is writable for everybody or runs with another's rights {writable[:3]}")
        version = contained(root, config, ["--version"])
        said = version.communicate(timeout=60)[0]
        proof.check(version.returncode == 0 and "gearbox" in said, f"gearbox --version in it: {said.strip()[-200:]}")

        port, admin = free_port(), free_port()
        server = contained(root, config, ["serve", "--models", "smollm2", "--offline", "--port", str(port), "--admin-port", str(admin)])
        try:
            began = time.monotonic()
            ready = False
            while time.monotonic() < began + 120 and server.poll() is None and not ready:
                try:
                    fetch(f"http://127.0.0.1:{port}/health/ready", timeout=2)
                    ready = True
                except (OSError, urllib.error.URLError):
                    time.sleep(0.2)
            took = round(time.monotonic() - began, 1)
            proof.check(ready, f"serve is ready in it after {took} s {'' if ready else server.stdout.read()[-1500:] if server.poll() is not None else ''}")
            text = fetch(f"http://127.0.0.1:{port}/v1/completions", {"model": "auto", "prompt": "The capital of France is", "max_tokens": 8, "temperature": 0})[1]
            proof.check('"choices"' in text, "and answers")
            status = pathlib.Path(f"/proc/{server.pid}/status").read_text()
            proof.check(f"Uid:\t{USER}\t{USER}" in status, "as that user")
        finally:
            server.terminate()
            stopped = server.wait(60)
        proof.check(stopped in (0, 143), f"SIGTERM stops it ({stopped})")
        return {"mb": round(tars[0].stat().st_size / 1e6), "layers": layers, "ready_s": took}
    finally:
        shutil.rmtree(folder, ignore_errors=True)


