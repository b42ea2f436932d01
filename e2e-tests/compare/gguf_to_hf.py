"""Writes a Llama GGUF with a byte-level BPE tokenizer as a Hugging Face folder in bfloat16.

Usage: gguf_to_hf.py IN.gguf OUT. Needs gguf, numpy, torch, safetensors and tokenizers, as serve-vllm installs them.
The configuration is written last, so that a folder with one is whole.
"""

import json
import pathlib
import sys

import gguf
import numpy
import torch
from gguf.quants import dequantize
from safetensors.torch import save_file
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers

NAMES = {
    "attn_q": "self_attn.q_proj", "attn_k": "self_attn.k_proj", "attn_v": "self_attn.v_proj",
    "attn_output": "self_attn.o_proj", "ffn_gate": "mlp.gate_proj", "ffn_up": "mlp.up_proj",
    "ffn_down": "mlp.down_proj", "attn_norm": "input_layernorm", "ffn_norm": "post_attention_layernorm"}
CONTROL = 3


def hf_name(name):
    if name == "token_embd.weight":
        return "model.embed_tokens.weight"
    if name == "output_norm.weight":
        return "model.norm.weight"
    if name == "output.weight":
        return "lm_head.weight"
    _, layer, kind, _ = name.split(".")
    return f"model.layers.{layer}.{NAMES[kind]}.weight"


def halves(weight, heads):
    """Rows of a head as RoPE of Hugging Face pairs them: i with i + half, where GGUF has 2i with 2i + 1."""
    rows, columns = weight.shape
    return weight.reshape(heads, rows // heads // 2, 2, columns).swapaxes(1, 2).reshape(rows, columns)


def tensors(reader, heads, kv_heads):
    for tensor in reader.tensors:
        weight = dequantize(tensor.data, tensor.tensor_type).reshape([int(n) for n in reversed(tensor.shape)])
        if ".attn_q." in tensor.name:
            weight = halves(weight, heads)
        if ".attn_k." in tensor.name:
            weight = halves(weight, kv_heads)
        yield hf_name(tensor.name), torch.from_numpy(numpy.ascontiguousarray(weight)).to(torch.bfloat16)


def tokenizer(tokens, types, merges):
    made = Tokenizer(models.BPE(
        {token: number for number, token in enumerate(tokens)}, [tuple(merge.split(" ")) for merge in merges]))
    made.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.Digits(individual_digits=True),
        pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)])
    made.decoder = decoders.ByteLevel()
    made.add_special_tokens([
        AddedToken(token, special=True, normalized=False) for token, kind in zip(tokens, types) if kind == CONTROL])
    return made


def main(source, target):
    target.mkdir(parents=True, exist_ok=True)
    reader = gguf.GGUFReader(source)
    meta = {key: field.contents() for key, field in reader.fields.items()}
    heads, kv_heads = meta["llama.attention.head_count"], meta["llama.attention.head_count_kv"]
    context = meta["llama.context_length"]
    begin, end = meta["tokenizer.ggml.bos_token_id"], meta["tokenizer.ggml.eos_token_id"]
    tokens = meta["tokenizer.ggml.tokens"]
    weights = dict(tensors(reader, heads, kv_heads))
    save_file(weights, target / "model.safetensors", metadata={"format": "pt"})
    tokenizer(tokens, meta["tokenizer.ggml.token_type"], meta["tokenizer.ggml.merges"]).save(
        str(target / "tokenizer.json"))
    (target / "tokenizer_config.json").write_text(json.dumps({
        "tokenizer_class": "PreTrainedTokenizerFast", "bos_token": tokens[begin], "eos_token": tokens[end],
        "chat_template": meta["tokenizer.chat_template"], "model_max_length": context}))
    (target / "config.json").write_text(json.dumps({
        "architectures": ["LlamaForCausalLM"], "model_type": "llama", "torch_dtype": "bfloat16",
        "hidden_act": "silu", "tie_word_embeddings": "lm_head.weight" not in weights,
        "hidden_size": meta["llama.embedding_length"], "intermediate_size": meta["llama.feed_forward_length"],
        "num_hidden_layers": meta["llama.block_count"], "num_attention_heads": heads,
        "num_key_value_heads": kv_heads, "rms_norm_eps": meta["llama.attention.layer_norm_rms_epsilon"],
        "rope_theta": meta["llama.rope.freq_base"], "vocab_size": len(tokens),
        "max_position_embeddings": context, "bos_token_id": begin, "eos_token_id": end}))


main(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]))
