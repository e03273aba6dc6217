"""Golden cases of attention modules: every argument of a constructor away from its default, alone and in pairs.

    /usr/bin/python3 attention_cases.py DIR     # writes DIR/<constructor>-<number>.safetensors

torch's and torchvision's modules are run themselves; timm's are written again here from their documented behaviour, under
timm's names of arguments and parameters. Values are computed in float64 and stored as float32, as in tests/data/golden.
"""

import itertools
import json
import math
import os
import sys

import torch
import torchvision
from torch import nn

import branch_cases
import convolution_cases
import formula_cases
import query_cases
import self_attention_cases
import strip_cases

ACTIVATIONS = {"torch.nn.GELU": nn.GELU(), "torch.nn.ReLU": nn.ReLU(), "torch.nn.SiLU": nn.SiLU(), "torch.nn.Tanh": nn.Tanh(),
               "gelu_tanh": lambda x: nn.functional.gelu(x, approximate="tanh")}
CLASSES = {"torch.nn.LayerNorm": nn.LayerNorm, "torch.nn.BatchNorm2d": nn.BatchNorm2d, "torch.nn.SiLU": nn.SiLU,
           "torch.nn.Hardsigmoid": nn.Hardsigmoid}


def split(tokens, heads):
    """[N, L, heads d] -> [N, heads, L, d]"""
    return tokens.unflatten(2, (heads, -1)).transpose(1, 2)


def attend(query, key, value):
    weights = torch.softmax(query @ key.transpose(2, 3) / math.sqrt(query.size(3)), 3)
    return (weights @ value).transpose(1, 2).flatten(2)


class Mlp(nn.Module):
    def __init__(self, features, hidden, activation):
        super().__init__()
        self.fc1 = nn.Linear(features, hidden)
        self.fc2 = nn.Linear(hidden, features)
        self.activation = ACTIVATIONS[activation]

    def forward(self, x):
        return self.fc2(self.activation(self.fc1(x)))


class LatentPool(nn.Module):
    """timm.layers.AttentionPoolLatent"""

    def __init__(self, in_features, out_features=None, num_heads=8, feat_size=None, mlp_ratio=4.0, qkv_bias=True,
                 qk_norm=False, latent_len=1, latent_dim=None, pos_embed="", pool_type="token", norm_layer=None,
                 act_layer="torch.nn.GELU"):
        super().__init__()
        self.heads, self.pool_type = num_heads, pool_type
        width = in_features if out_features is None else out_features
        self.latent = nn.Parameter(torch.zeros(1, latent_len, in_features))
        self.pos_embed = nn.Parameter(torch.zeros(feat_size, in_features)) if pos_embed == "abs" else None
        self.q = nn.Linear(in_features, in_features, bias=qkv_bias)
        self.kv = nn.Linear(in_features, 2 * in_features, bias=qkv_bias)
        if qk_norm:
            self.q_norm = nn.LayerNorm(in_features // num_heads)
            self.k_norm = nn.LayerNorm(in_features // num_heads)
        if width > 0:
            self.proj = nn.Linear(in_features, width)
            if norm_layer:
                self.norm = nn.LayerNorm(width)
            self.mlp = Mlp(width, int(width * mlp_ratio), act_layer)

    def forward(self, x):
        def normed(name, values):
            return getattr(self, name)(values) if hasattr(self, name) else values

        if self.pos_embed is not None:
            x = x + self.pos_embed
        key, value = self.kv(x).chunk(2, 2)
        query = split(self.q(self.latent), self.heads).expand(len(x), -1, -1, -1)
        y = attend(normed("q_norm", query), normed("k_norm", split(key, self.heads)), split(value, self.heads))
        if hasattr(self, "proj"):
            y = self.proj(y)
            y = y + self.mlp(normed("norm", y))
        return {"token": lambda: y[:, 0], "avg": lambda: y.mean(1), "": lambda: y}[self.pool_type]()


class TokenPool(nn.Module):
    """timm.layers.AttentionPool2d, and with rotary positions RotAttentionPool2d"""

    def __init__(self, rotary, in_features, out_features=None, embed_dim=None, head_dim=64, num_heads=None, feat_size=7,
                 ref_feat_size=7, qkv_bias=True, qkv_separate=False, class_token=False, pool_type="token"):
        super().__init__()
        embed = embed_dim or in_features
        self.rotary, self.pool_type, self.reference = rotary, pool_type, ref_feat_size
        self.heads = num_heads or embed // head_dim
        assert self.heads > 0 and embed % self.heads == 0
        self.cls_token = nn.Parameter(torch.zeros(1, in_features)) if class_token else None
        self.pos_embed = None if rotary else nn.Parameter(torch.zeros(feat_size * feat_size + 1, in_features))
        if qkv_separate:
            self.q, self.k, self.v = (nn.Linear(in_features, embed, bias=qkv_bias) for _ in range(3))
        else:
            self.qkv = nn.Linear(in_features, 3 * embed, bias=qkv_bias)
        self.proj = nn.Linear(embed, in_features if out_features is None else out_features) if out_features != 0 else None

    def rotated(self, heads, height, width):
        """Pairs of features turned by angles of their row (first half of the features) and column."""
        if not self.rotary:
            return heads
        count = heads.size(3) // 4
        frequencies = 10000.0 ** (-torch.arange(count, dtype=torch.float64) / count)
        rows = torch.arange(height, dtype=torch.float64) / height * self.reference
        columns = torch.arange(width, dtype=torch.float64) / width * self.reference
        angles = torch.cat([rows[:, None, None].expand(height, width, 1) * frequencies,
                            columns[None, :, None].expand(height, width, 1) * frequencies], 2).flatten(0, 1)
        pairs = torch.view_as_complex(heads[:, :, 1:].unflatten(3, (-1, 2)).contiguous())
        turned = torch.view_as_real(pairs * torch.polar(torch.ones_like(angles), angles)).flatten(3)
        return torch.cat([heads[:, :, :1], turned], 2)

    def forward(self, x):
        height, width = x.shape[2:]
        tokens = x.flatten(2).transpose(1, 2)
        first = tokens.mean(1, keepdim=True) if self.cls_token is None else self.cls_token.expand(len(x), 1, -1)
        tokens = torch.cat([first, tokens], 1)
        if self.pos_embed is not None:
            tokens = tokens + self.pos_embed
        if hasattr(self, "qkv"):
            parts = self.qkv(tokens).chunk(3, 2)
        else:
            parts = self.q(tokens), self.k(tokens), self.v(tokens)
        query, key, value = (split(part, self.heads) for part in parts)
        y = attend(self.rotated(query, height, width), self.rotated(key, height, width), value)
        y = y if self.proj is None else self.proj(y)
        if self.pool_type == "":
            return y[:, 1:].transpose(1, 2).unflatten(2, (height, width))
        return y[:, 0]


class SelfAttention(nn.Module):
    """timm.layers.Attention"""

    def __init__(self, dim, num_heads=8, attn_head_dim=None, dim_out=None, qkv_bias=False, qk_norm=False, scale_norm=False,
                 proj_bias=True, norm_layer=None):
        super().__init__()
        size = attn_head_dim or dim // num_heads
        self.heads = num_heads
        self.qkv = nn.Linear(dim, 3 * size * num_heads, bias=qkv_bias)
        if qk_norm:
            self.q_norm, self.k_norm = nn.LayerNorm(size), nn.LayerNorm(size)
        if scale_norm:
            self.norm = nn.LayerNorm(size * num_heads)
        self.proj = nn.Linear(size * num_heads, dim_out or dim, bias=proj_bias)

    def forward(self, x):
        query, key, value = (split(part, self.heads) for part in self.qkv(x).chunk(3, 2))
        if hasattr(self, "q_norm"):
            query, key = self.q_norm(query), self.k_norm(key)
        y = attend(query, key, value)
        return self.proj(self.norm(y) if hasattr(self, "norm") else y)


class ClassAttention(nn.Module):
    """timm.models.cait.ClassAttn"""

    def __init__(self, dim, num_heads=8, qkv_bias=False):
        super().__init__()
        self.heads = num_heads
        self.q, self.k, self.v = (nn.Linear(dim, dim, bias=qkv_bias) for _ in range(3))
        self.proj = nn.Linear(dim, dim)

    def forward(self, x):
        query, key, value = self.q(x[:, :1]), self.k(x), self.v(x)
        return self.proj(attend(*(split(part, self.heads) for part in (query, key, value))))


class MultiheadAttention(nn.MultiheadAttention):
    def forward(self, query, key=None, value=None):
        key = query if key is None else key
        return super().forward(query, key, key if value is None else value)[0]


def query_key_value(arguments):
    """Shapes of torch.nn.MultiheadAttention's inputs: other keys and values where they have widths of their own."""
    shapes = {"input": (2, 11, arguments["embed_dim"])}
    if "kdim" in arguments or "vdim" in arguments:
        shapes["key"] = (2, 9, arguments.get("kdim", arguments["embed_dim"]))
        shapes["value"] = (2, 9, arguments.get("vdim", arguments["embed_dim"]))
    if arguments.get("batch_first", False):
        return shapes
    return {name: (length, images, width) for name, (images, length, width) in shapes.items()}


def classes_of(arguments):
    return {name: CLASSES.get(value, value) if isinstance(value, str) else value for name, value in arguments.items()}


TOKENS, GRID = (2, 11, 48), (2, 48, 5, 7)
POOL = {"out_features": [40, 0], "embed_dim": [64], "head_dim": [16], "num_heads": [3, 12], "qkv_separate": [True],
        "class_token": [True], "pool_type": [""], "qkv_bias": [False]}

# Cases of more than two arguments that people had.
FURTHER = {
    "timm.layers.AttentionPoolLatent": [
        {"in_features": 48, "out_features": 40, "num_heads": 4, "mlp_ratio": 1.5, "pool_type": "avg", "latent_len": 2,
         "qk_norm": True}],
}

# Constructor: how it is built, base arguments, other values of each argument, and its inputs: the shape of the one that it
# takes, or a function from the arguments to the shapes (or tensors) of all of them by name. A module returns its output, or a
# pair of it and further results by name.
SPECIFICATIONS = {
    "timm.layers.AttentionPoolLatent": (
        LatentPool, {"in_features": 48, "num_heads": 4, "feat_size": 11},
        {"out_features": [40, 0], "num_heads": [3], "mlp_ratio": [1.5], "qkv_bias": [False], "qk_norm": [True],
         "latent_len": [2], "latent_dim": [7], "pos_embed": ["abs"], "pool_type": ["avg", ""],
         "norm_layer": ["torch.nn.LayerNorm"], "act_layer": ["gelu_tanh", "torch.nn.SiLU"]}, [TOKENS]),
    "timm.layers.AttentionPool2d": (
        lambda **arguments: TokenPool(False, **arguments), {"in_features": 48, "num_heads": 4, "feat_size": 6},
        {name: values for name, values in POOL.items() if name != "head_dim"}, [(2, 48, 6, 6)]),
    "timm.layers.RotAttentionPool2d": (
        lambda **arguments: TokenPool(True, **arguments), {"in_features": 48, "num_heads": 4},
        {**{name: values for name, values in POOL.items() if name != "head_dim"}, "ref_feat_size": [4]}, [GRID]),
    "timm.layers.Attention": (
        SelfAttention, {"dim": 48, "num_heads": 4, "norm_layer": "torch.nn.LayerNorm"},
        {"num_heads": [3], "attn_head_dim": [5], "dim_out": [40], "qkv_bias": [True], "qk_norm": [True],
         "scale_norm": [True], "proj_bias": [False]}, [TOKENS]),
    "timm.models.cait.ClassAttn": (
        ClassAttention, {"dim": 48, "num_heads": 4}, {"num_heads": [3], "qkv_bias": [True]}, [TOKENS]),
    "torch.nn.MultiheadAttention": (
        MultiheadAttention, {"embed_dim": 48, "num_heads": 4},
        {"num_heads": [3], "bias": [False], "add_bias_kv": [True], "batch_first": [True], "kdim": [40], "vdim": [36]},
        query_key_value),
    "torchvision.ops.SqueezeExcitation": (
        lambda **arguments: torchvision.ops.SqueezeExcitation(**classes_of(arguments)),
        {"input_channels": 48, "squeeze_channels": 12},
        {"squeeze_channels": [5], "activation": ["torch.nn.SiLU"], "scale_activation": ["torch.nn.Hardsigmoid"]}, [GRID]),
    **convolution_cases.SPECIFICATIONS,
    **branch_cases.SPECIFICATIONS,
    **strip_cases.SPECIFICATIONS,
    **self_attention_cases.SPECIFICATIONS,
    **formula_cases.SPECIFICATIONS,
    **query_cases.SPECIFICATIONS,
}


def combinations(base, others):
    """The base, every other value alone, and every pair of other values of two arguments."""
    yield base
    for first in others:
        for value in others[first]:
            yield {**base, first: value}
    for first, second in itertools.combinations(others, 2):
        for values in itertools.product(others[first], others[second]):
            yield {**base, first: values[0], second: values[1]}


def inputs_of(arguments, inputs):
    """Random tensors of the shapes that a specification gives, or the tensors that it gives itself."""
    given = inputs(arguments) if callable(inputs) else {"input": inputs[0]}
    tensors = {name: value if torch.is_tensor(value) else torch.randn(value) for name, value in given.items()}
    return {name: tensor.double() for name, tensor in tensors.items()}


def give_values(module):
    """Random values that float32 can hold."""
    with torch.no_grad():
        for name, value in module.state_dict().items():
            if value.is_floating_point():
                deviation = 1 / math.sqrt(value[0].numel()) if value.dim() > 1 else 0.3
                values = torch.randn(value.shape) * deviation
                if value.dim() == 1 and name.endswith("weight"):
                    values = values + 1
                if name.endswith("running_var"):
                    values = values.abs() + 0.5
                value.copy_(values)


def run(module, arguments, inputs, seed):
    """Tensors of a case, names of its inputs, and names of what has a gradient of zero."""
    torch.manual_seed(seed)
    give_values(module)
    module = module.double().eval()
    inputs = inputs_of(arguments, inputs)
    for tensor in inputs.values():
        tensor.requires_grad_()
    result = module(*inputs.values())
    output, further = result if isinstance(result, tuple) else (result, {})
    cotangent = torch.randn(output.shape).double()
    (output * cotangent).sum().backward()
    tensors = {"output": output, "cotangent": cotangent, **further}
    keys = {name: name if name == "input" else "input." + name for name in inputs}
    tensors.update({key: inputs[name] for name, key in keys.items()})
    leaves = [*((name, "grad_" + key, inputs[name]) for name, key in keys.items()),
              *((name, "grad." + name, tensor) for name, tensor in module.named_parameters())]
    zero = []
    for name, key, tensor in leaves:
        tensors[key] = torch.zeros_like(tensor) if tensor.grad is None else tensor.grad
        if tensors[key].abs().max() < 1e-10:
            zero.append(name)
    for name, tensor in module.state_dict().items():
        tensors["state." + name] = tensor
    return tensors, list(inputs), zero


def write_safetensors(path, tensors, metadata):
    header, data = {"__metadata__": metadata}, b""
    for name, tensor in tensors.items():
        kind = "F32" if tensor.is_floating_point() else "I64"
        values = tensor.detach().to(torch.float32 if kind == "F32" else torch.int64).contiguous().numpy().tobytes()
        header[name] = {"dtype": kind, "shape": list(tensor.shape), "data_offsets": [len(data), len(data) + len(values)]}
        data += values
    text = json.dumps(header).encode()
    with open(path, "wb") as file:
        file.write(len(text).to_bytes(8, "little") + text + data)


def main(folder):
    os.makedirs(folder, exist_ok=True)
    seed = 0
    for constructor, (build, base, others, inputs) in SPECIFICATIONS.items():
        cases = [*FURTHER.get(constructor, []), *combinations(base, others)]
        for number, arguments in enumerate(cases):
            try:
                module = build(**arguments)
            except AssertionError:  # as the peers do, for heads that do not divide the features
                continue
            seed += 1
            tensors, names, zero = run(module, arguments, inputs, seed)
            metadata = {"constructor": constructor.partition(" ")[0], "args": json.dumps(arguments),
                        "inputs": json.dumps(names), "seed": str(seed), "source": "tests/golden/attention_cases.py",
                        "torch": torch.__version__, "zero_gradient": json.dumps(zero)}
            write_safetensors(os.path.join(folder, f"{constructor.replace(' ', '_')}-{number}.safetensors"), tensors, metadata)
    print(f"{seed} cases in {folder}")


if __name__ == "__main__":
    main(sys.argv[1])
