#!/usr/bin/env python3
"""Writes a random LoRA adapter in GGUF, as llama.cpp's converter lays it out, large enough to change what a model says.

Needs Python 3 alone. The shapes are SmolLM2-135M's unless other ones are given:

    e2e-tests/compare/random_lora.py /tmp/lora.gguf --rank 8 --alpha 16 --seed 1
"""
import argparse
import array
import random
import struct
import sys

SMOLLM2 = {"architecture": "llama", "layers": 30, "size": 576, "queries": 576, "keys": 192, "inner": 1536}
ALIGNMENT = 32
STRING, FLOAT32 = 8, 6
F32 = 0


def text(value):
    data = value.encode("utf-8")
    return struct.pack("<Q", len(data)) + data


def pairs(shape):
    """Names of the base model's matrices, with their columns and rows."""
    size, queries, keys, inner = (shape[each] for each in ("size", "queries", "keys", "inner"))
    for layer in range(shape["layers"]):
        for name, columns, rows in (("attn_q", size, queries), ("attn_k", size, keys), ("attn_v", size, keys),
                                    ("attn_output", queries, size), ("ffn_gate", size, inner), ("ffn_up", size, inner),
                                    ("ffn_down", inner, size)):
            yield f"blk.{layer}.{name}.weight", columns, rows


def gauss(count, deviation, generator):
    values = array.array("f", (generator.gauss(0, deviation) for _ in range(count)))
    if sys.byteorder == "big":
        values.byteswap()
    return values.tobytes()


def write(path, rank=8, alpha=16.0, seed=1, strength=0.05, shape=None):
    """Writes the adapter; A has rows of about unit length, B elements of `strength`."""
    shape = shape or SMOLLM2
    generator = random.Random(seed)
    tensors = []
    for name, columns, rows in pairs(shape):
        tensors.append((name + ".lora_a", (columns, rank), columns ** -0.5))
        tensors.append((name + ".lora_b", (rank, rows), strength))
    values = [("general.type", STRING, text("adapter")), ("general.architecture", STRING, text(shape["architecture"])),
              ("adapter.type", STRING, text("lora")), ("adapter.lora.alpha", FLOAT32, struct.pack("<f", alpha))]
    header = b"GGUF" + struct.pack("<IQQ", 3, len(tensors), len(values))
    for key, kind, value in values:
        header += text(key) + struct.pack("<I", kind) + value
    offset = 0
    for name, (columns, rows), _ in tensors:
        header += text(name) + struct.pack("<IQQIQ", 2, columns, rows, F32, offset)
        offset += -(-4 * columns * rows // ALIGNMENT) * ALIGNMENT
    with open(path, "wb") as out:
        out.write(header)
        out.write(bytes(-len(header) % ALIGNMENT))
        for _, (columns, rows), deviation in tensors:
            data = gauss(columns * rows, deviation, generator)
            out.write(data + bytes(-len(data) % ALIGNMENT))
    return path


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("path")
    parser.add_argument("--rank", type=int, default=8)
    parser.add_argument("--alpha", type=float, default=16)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--strength", type=float, default=0.05, help="deviation of B (default: %(default)s)")
    options = parser.parse_args()
    write(options.path, options.rank, options.alpha, options.seed, options.strength)


if __name__ == "__main__":
    main()
