"""A Hugging Face model folder from a llama-architecture GGUF file, in bf16 or rounded to 4 bits."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import gguf
import numpy as np
import tokenizers
import torch
from safetensors.torch import save_file
from tokenizers import decoders, models, pre_tokenizers

from workers.bundled_model.awq_format import (
    GROUP_SIZE,
    FloatArray,
    quantise_to_awq,
    round_to_4_bits,
)

#: llama.cpp's name of each tensor of a block and transformers' name for it.
_BLOCK_NAMES = {
    "attn_norm": "input_layernorm", "attn_q": "self_attn.q_proj", "attn_k": "self_attn.k_proj",
    "attn_v": "self_attn.v_proj", "attn_output": "self_attn.o_proj",
    "ffn_norm": "post_attention_layernorm", "ffn_gate": "mlp.gate_proj", "ffn_up": "mlp.up_proj",
    "ffn_down": "mlp.down_proj",
}  # fmt: skip
_CONTROL_TOKEN = 3


#: What is done to the weights: kept, rounded to 4 bits in AWQ's format, or rounded to the same
#: values and kept in bf16.
Making = Literal["kept", "awq", "rounded"]


def write_model_folder(source: Path, folder: Path, making: Making) -> None:
    """Write weights, configuration, tokenizer and chat template of a GGUF file into ``folder``."""
    reader = gguf.GGUFReader(source)
    config = _config(reader)
    if making == "awq":
        bits = {"bits": 4, "group_size": GROUP_SIZE, "zero_point": True}
        config["quantization_config"] = {"quant_method": "awq", **bits, "version": "gemm"}
    tensors: dict[str, torch.Tensor] = {}
    for name, weights in read_weights(reader):
        if making == "kept" or not name.endswith("_proj.weight"):
            tensors[name] = _bf16(weights)
        elif making == "rounded":
            tensors[name] = _bf16(round_to_4_bits(weights))
        else:
            for part, values in quantise_to_awq(weights).items():
                tensors[name.removesuffix("weight") + part] = torch.from_numpy(values).contiguous()
    weights_path = folder / "model.safetensors"
    save_file(tensors, weights_path, metadata={"format": "pt"})
    weights_path.chmod(0o644)  # the writer lets only the owner read
    _write_json(folder / "config.json", config)
    ends = {name: config[name] for name in ("bos_token_id", "eos_token_id")}
    _write_json(folder / "generation_config.json", ends)
    _write_tokenizer(reader, folder)


def read_weights(reader: gguf.GGUFReader) -> Iterator[tuple[str, FloatArray]]:
    """Yield each tensor dequantised under transformers' name, q and k in its rotary order."""
    heads = _field(reader, "llama.attention.head_count")
    kv_heads = _field(reader, "llama.attention.head_count_kv")
    for tensor in reader.tensors:
        weights = gguf.dequantize(tensor.data, tensor.tensor_type).astype(np.float32)
        name = _transformers_name(tensor.name)
        if name.endswith("q_proj.weight"):
            weights = _undo_rotary_order(weights, heads)
        elif name.endswith("k_proj.weight"):
            weights = _undo_rotary_order(weights, kv_heads)
        yield name, weights


def _transformers_name(name: str) -> str:
    if name == "token_embd.weight":
        return "model.embed_tokens.weight"
    if name == "output_norm.weight":
        return "model.norm.weight"
    block, index, part, _ = name.split(".")
    if block != "blk":
        raise ValueError(f"the GGUF file has a tensor {name!r}, which a llama model does not")
    return f"model.layers.{index}.{_BLOCK_NAMES[part]}.weight"


def _undo_rotary_order(weights: FloatArray, heads: int) -> FloatArray:
    """Separate the halves of each head's rotary dimensions, which llama.cpp interleaves."""
    rows, columns = weights.shape
    halves = weights.reshape(heads, rows // heads // 2, 2, columns)
    return halves.swapaxes(1, 2).reshape(rows, columns)


def _bf16(weights: FloatArray) -> torch.Tensor:
    return torch.from_numpy(weights).to(torch.bfloat16).contiguous()


def _config(reader: gguf.GGUFReader) -> dict[str, Any]:
    hidden = _field(reader, "llama.embedding_length")
    heads = _field(reader, "llama.attention.head_count")
    return {
        "architectures": ["LlamaForCausalLM"],
        "model_type": "llama",
        "hidden_act": "silu",
        "hidden_size": hidden,
        "intermediate_size": _field(reader, "llama.feed_forward_length"),
        "num_hidden_layers": _field(reader, "llama.block_count"),
        "num_attention_heads": heads,
        "num_key_value_heads": _field(reader, "llama.attention.head_count_kv"),
        "head_dim": hidden // heads,
        "max_position_embeddings": _field(reader, "llama.context_length"),
        "rms_norm_eps": _field(reader, "llama.attention.layer_norm_rms_epsilon"),
        "rope_theta": _field(reader, "llama.rope.freq_base"),
        "vocab_size": _field(reader, "llama.vocab_size"),
        "tie_word_embeddings": True,
        "attention_bias": False,
        "mlp_bias": False,
        "bos_token_id": _field(reader, "tokenizer.ggml.bos_token_id"),
        "eos_token_id": _field(reader, "tokenizer.ggml.eos_token_id"),
        "pad_token_id": _field(reader, "tokenizer.ggml.padding_token_id"),
        "torch_dtype": "bfloat16",
    }


def _write_tokenizer(reader: gguf.GGUFReader, folder: Path) -> None:
    words: list[str] = _field(reader, "tokenizer.ggml.tokens")
    kinds: list[int] = _field(reader, "tokenizer.ggml.token_type")
    merges = [tuple(merge.split(" ")) for merge in _field(reader, "tokenizer.ggml.merges")]
    vocabulary = {word: index for index, word in enumerate(words)}
    tokenizer = tokenizers.Tokenizer(models.BPE(vocab=vocabulary, merges=merges))
    # As llama.cpp's pre-tokenizer "smollm" and the model's own tokenizer.json: each digit is
    # separate.
    digits = pre_tokenizers.Digits(individual_digits=True)
    pieces = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([digits, pieces])
    tokenizer.decoder = decoders.ByteLevel()
    special = [word for word, kind in zip(words, kinds, strict=True) if kind == _CONTROL_TOKEN]
    tokenizer.add_special_tokens(
        [tokenizers.AddedToken(word, special=True, normalized=False) for word in special]
    )
    tokenizer.save(str(folder / "tokenizer.json"))
    template = _field(reader, "tokenizer.chat_template")
    (folder / "chat_template.jinja").write_text(template, encoding="utf-8")
    parts = {"bos": "bos", "eos": "eos", "unk": "unknown", "pad": "padding"}
    ids = {key: _field(reader, f"tokenizer.ggml.{part}_token_id") for key, part in parts.items()}
    named = {f"{key}_token": words[token_id] for key, token_id in ids.items()}
    length = _field(reader, "llama.context_length")
    named |= {"tokenizer_class": "PreTrainedTokenizerFast", "model_max_length": length}
    named |= {"clean_up_tokenization_spaces": False}
    _write_json(folder / "tokenizer_config.json", named)


def _field(reader: gguf.GGUFReader, key: str) -> Any:
    field = reader.get_field(key)
    if field is None:
        raise ValueError(f"the GGUF file does not say {key!r}")
    return field.contents()


def _write_json(path: Path, document: Any) -> None:
    path.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
