"""Self-attention over feature maps: timm's layers and double attention, written again from their documented behaviour under
their names of arguments and parameters, for attention_cases.py."""

import torch
from torch import nn
from torch.nn import functional

from convolution_cases import ACTIVATION, BASE, MAPS, WIDTH, ConvolutionNorm, make_divisible


def pairs_of(x, heads):
    """[N, heads D, H, W] -> [N, heads, H W, D]"""
    return x.flatten(2).unflatten(1, (heads, -1)).transpose(2, 3)


def to_map(tokens, height, width):
    """[N, heads, H W, D] -> [N, heads D, H, W]"""
    return tokens.transpose(2, 3).flatten(1, 2).unflatten(2, (height, width))


class NonLocal(nn.Module):
    """timm.layers.NonLocalAttn"""

    def __init__(self, channels, use_scale=True, rd_ratio=1 / 8, rd_channels=None, rd_divisor=8):
        super().__init__()
        width = make_divisible(channels * rd_ratio, rd_divisor) if rd_channels is None else rd_channels
        self.scale = channels ** -0.5 if use_scale else 1.0  # of the channels, not of the queries' width
        self.t, self.p, self.g = (nn.Conv2d(channels, width, 1) for _ in range(3))
        self.z = nn.Conv2d(width, channels, 1)
        self.norm = nn.BatchNorm2d(channels)

    def forward(self, x):
        query, key, value = (pairs_of(layer(x), 1) for layer in (self.t, self.p, self.g))
        weights = torch.softmax(self.scale * query @ key.transpose(2, 3), 3)
        return x + self.norm(self.z(to_map(weights @ value, *x.shape[2:])))


class BilinearTransform(nn.Module):
    """timm.layers.non_local_attn.BilinearAttnTransform"""

    def __init__(self, channels, bands, groups, act_layer):
        super().__init__()
        self.bands, self.groups = bands, groups
        self.conv1 = ConvolutionNorm(channels, groups, 1, act_layer=act_layer)
        self.conv_p = nn.Conv2d(groups, bands * bands * groups, (bands, 1))
        self.conv_q = nn.Conv2d(groups, bands * bands * groups, (1, bands))
        self.conv2 = ConvolutionNorm(channels, channels, 1, act_layer=act_layer)

    def matrices(self, layer, pooled, summed):
        """Positive matrices [N, groups, bands, bands], normed over the dimension `summed`"""
        entries = torch.sigmoid(layer(pooled)).reshape(-1, self.groups, self.bands, self.bands)
        return entries / entries.sum(summed, keepdim=True)

    def forward(self, x):
        summary = self.conv1(x)
        rows = self.matrices(self.conv_p, functional.adaptive_max_pool2d(summary, (self.bands, 1)), 3)
        columns = self.matrices(self.conv_q, functional.adaptive_max_pool2d(summary, (1, self.bands)), 2)
        blocks = x.unflatten(3, (self.bands, -1)).unflatten(2, (self.bands, -1)).unflatten(1, (self.groups, -1))
        mixed = torch.einsum("ngab,ngcbidj,ngde->ngcaiej", rows, blocks, columns)  # the same for each position in a band
        return self.conv2(mixed.reshape(x.shape))


class BilinearAttention(nn.Module):
    """timm.layers.BatNonLocalAttn"""

    def __init__(self, channels, block_size=7, groups=2, rd_ratio=1 / 4, rd_channels=None, rd_divisor=8, drop_rate=0.2,
                 act_layer="torch.nn.ReLU"):
        super().__init__()
        width = make_divisible(channels * rd_ratio, rd_divisor) if rd_channels is None else rd_channels
        self.conv1 = ConvolutionNorm(channels, width, 1, act_layer=act_layer)
        self.ba = BilinearTransform(width, block_size, groups, act_layer)
        self.conv2 = ConvolutionNorm(width, channels, 1, act_layer=act_layer)
        self.dropout = nn.Dropout2d(drop_rate)

    def forward(self, x):
        return x + self.dropout(self.conv2(self.ba(self.conv1(x))))


def distances(queries, keys):
    """Row of a table [2 keys - 1, D] for each query and key"""
    return torch.arange(keys)[None, :] - torch.arange(queries)[:, None] + keys - 1


class RelativePositions(nn.Module):
    """PosEmbedRel of timm's bottleneck_attn and halo_attn: scores of the positions of a window for a grid of queries"""

    def __init__(self, height, width, size):
        super().__init__()
        self.window = height, width
        self.height_rel = nn.Parameter(torch.zeros(2 * height - 1, size))
        self.width_rel = nn.Parameter(torch.zeros(2 * width - 1, size))

    def forward(self, query, rows, columns):
        """[..., rows columns, D] -> [..., rows columns, keys]"""
        grid = query.unflatten(-2, (rows, columns))
        down = torch.einsum("...ijd,ikd->...ijk", grid, self.height_rel[distances(rows, self.window[0])])
        across = torch.einsum("...ijd,jld->...ijl", grid, self.width_rel[distances(columns, self.window[1])])
        return (down.unsqueeze(-1) + across.unsqueeze(-2)).flatten(-2).flatten(-3, -2)


class GridHeads:
    """Widths of timm's layers over grids"""

    def __init__(self, channels, dim_out, num_heads, dim_head, qk_ratio):
        out = dim_out or channels
        assert out % num_heads == 0
        self.count = num_heads
        self.key = dim_head or make_divisible(out * qk_ratio) // num_heads
        self.value = out // num_heads
        self.keys, self.values = self.count * self.key, self.count * self.value


def weights_of(query, key, positions, scaled_positions):
    """`positions`: scores that are added before or behind the scale"""
    scale = query.size(-1) ** -0.5
    dots = query @ key.transpose(-1, -2)
    return torch.softmax((dots + positions) * scale if scaled_positions else dots * scale + positions, -1)


def halved(x, stride):
    return functional.avg_pool2d(x, 2) if stride == 2 else x


class BottleneckAttention(nn.Module):
    """timm.layers.BottleneckAttn"""

    def __init__(self, channels, feat_size, dim_out=None, stride=1, num_heads=4, dim_head=None, qk_ratio=1.0, qkv_bias=False,
                 scale_pos_embed=False):
        super().__init__()
        self.heads = GridHeads(channels, dim_out, num_heads, dim_head, qk_ratio)
        self.stride, self.scaled = stride, scale_pos_embed
        self.qkv = nn.Conv2d(channels, 2 * self.heads.keys + self.heads.values, 1, bias=qkv_bias)
        self.pos_embed = RelativePositions(*feat_size, self.heads.key)

    def forward(self, x):
        parts = self.qkv(x).split([self.heads.keys, self.heads.keys, self.heads.values], 1)
        query, key, value = (pairs_of(part, self.heads.count) for part in parts)
        weights = weights_of(query, key, self.pos_embed(query, *x.shape[2:]), self.scaled)
        return halved(to_map(weights @ value, *x.shape[2:]), self.stride)


class HaloAttention(nn.Module):
    """timm.layers.HaloAttn"""

    def __init__(self, channels, dim_out=None, stride=1, num_heads=8, dim_head=None, block_size=8, halo_size=3, qk_ratio=1.0,
                 qkv_bias=False, avg_down=False, scale_pos_embed=False):
        super().__init__()
        self.heads = GridHeads(channels, dim_out, num_heads, dim_head, qk_ratio)
        self.pooled_stride = stride if avg_down or block_size % stride != 0 else 1
        self.query_stride = stride // self.pooled_stride
        self.block, self.halo, self.scaled = block_size, halo_size, scale_pos_embed
        self.q = nn.Conv2d(channels, self.heads.keys, 1, self.query_stride, bias=qkv_bias)
        self.kv = nn.Conv2d(channels, self.heads.keys + self.heads.values, 1, bias=qkv_bias)
        window = block_size + 2 * halo_size
        self.pos_embed = RelativePositions(window, window, self.heads.key)

    def attend(self, queries, surroundings):
        """One block's queries [N, heads D, side, side]; `surroundings` has each head's keys and values behind them"""
        side = queries.size(3)
        query = pairs_of(queries, self.heads.count)
        key, value = pairs_of(surroundings, self.heads.count).split([self.heads.key, self.heads.value], 3)
        weights = weights_of(query, key, self.pos_embed(query, side, side), self.scaled)
        return to_map(weights @ value, side, side)

    def forward(self, x):
        side, window = self.block // self.query_stride, self.block + 2 * self.halo
        queries = self.q(x)
        padded = functional.pad(self.kv(x), [self.halo] * 4)  # the zeros outside take part in the softmax
        rows = [torch.cat([self.attend(
            queries[:, :, i * side:(i + 1) * side, j * side:(j + 1) * side],
            padded[:, :, i * self.block:i * self.block + window, j * self.block:j * self.block + window])
            for j in range(x.size(3) // self.block)], 3) for i in range(x.size(2) // self.block)]
        return halved(torch.cat(rows, 2), self.pooled_stride)


class LambdaLayer(nn.Module):
    """timm.layers.LambdaLayer; of its values there is one head, which all share"""

    def __init__(self, channels, feat_size=None, dim_out=None, stride=1, num_heads=4, dim_head=16, r=9, qk_ratio=1.0,
                 qkv_bias=False):
        super().__init__()
        assert dim_out in (None, channels)  # timm's forward fails with any other
        self.heads = GridHeads(channels, dim_out, num_heads, dim_head, qk_ratio)
        self.stride = stride
        self.qkv = nn.Conv2d(channels, self.heads.keys + self.heads.key + self.heads.value, 1, bias=qkv_bias)
        self.norm_q, self.norm_v = nn.BatchNorm2d(self.heads.keys), nn.BatchNorm2d(self.heads.value)
        if r is None:
            self.pos_emb = nn.Parameter(torch.zeros(*(2 * side - 1 for side in feat_size), self.heads.key))
        else:
            self.conv_lambda = nn.Conv3d(1, self.heads.key, (r, r, 1), padding=(r // 2, r // 2, 0))

    def positions(self, value):
        """What the values around each position give: [N, V, H, W] -> [N, 1, H W, D, V]"""
        if hasattr(self, "conv_lambda"):
            lambdas = self.conv_lambda(value.movedim(1, 3).unsqueeze(1))  # [N, D, H, W, V]
            return lambdas.flatten(2, 3).transpose(1, 2).unsqueeze(1)
        height, width = value.shape[2:]
        table = self.pos_emb[distances(height, height)[:, None, :, None], distances(width, width)[None, :, None, :]]
        return torch.einsum("ijkld,nvkl->nijdv", table, value).flatten(1, 2).unsqueeze(1)

    def forward(self, x):
        query, key, value = self.qkv(x).split([self.heads.keys, self.heads.key, self.heads.value], 1)
        query, value = pairs_of(self.norm_q(query), self.heads.count), self.norm_v(value)
        content = torch.softmax(key.flatten(2), 2) @ value.flatten(2).transpose(1, 2)  # [N, D, V]
        lambdas = content[:, None, None] + self.positions(value)
        return halved(to_map((query.unsqueeze(3) @ lambdas).squeeze(3), *x.shape[2:]), self.stride)


class DoubleAttention(nn.Module):
    """formula.A2"""

    def __init__(self, channels, c_m, c_n):
        super().__init__()
        self.convA = nn.Conv2d(channels, c_m, 1)
        self.convB = nn.Conv2d(channels, c_n, 1)
        self.convV = nn.Conv2d(channels, c_n, 1)
        self.conv_reconstruct = nn.Conv2d(c_m, channels, 1)

    def forward(self, x):
        gather = torch.softmax(self.convB(x).flatten(2), 2)
        distribute = torch.softmax(self.convV(x).flatten(2), 1)
        spread = self.convA(x).flatten(2) @ gather.transpose(1, 2) @ distribute
        output = self.conv_reconstruct(spread.unflatten(2, x.shape[2:]))
        return output, {"map.gather": gather, "map.distribute": distribute}


def two_blocks(default_side):
    """Inputs of one block's height and two blocks' width, for any argument block_size"""
    def shapes(arguments):
        side = arguments.get("block_size", default_side)
        return {"input": (2, arguments["channels"], side, 2 * side)}

    return shapes


SIZED = {**BASE, "feat_size": [7, 5]}
STRIDES = {"stride": [2, 3]}  # timm takes 3, and keeps the size
HEADS = {"num_heads": [3], "dim_head": [5], "qk_ratio": [0.5], "qkv_bias": [True]}
OTHERS_OUT = {**HEADS, "dim_out": [24], "scale_pos_embed": [True]}

# As in attention_cases.py.
SPECIFICATIONS = {
    "timm.layers.create_attn:nl": (NonLocal, BASE, {"use_scale": [False], **WIDTH}, MAPS),
    "timm.layers.create_attn:bat": (
        BilinearAttention, BASE,
        {"block_size": [3], "groups": [4], **WIDTH, "rd_ratio": [1 / 2], "drop_rate": [0.5], **ACTIVATION}, two_blocks(7)),
    "timm.layers.create_attn:bottleneck": (BottleneckAttention, SIZED, {**STRIDES, **OTHERS_OUT}, MAPS),
    "timm.layers.create_attn:halo": (
        HaloAttention, BASE,
        {"stride": [2], **OTHERS_OUT, "block_size": [4, 5], "halo_size": [1, 0], "avg_down": [True]}, two_blocks(8)),
    "timm.layers.create_attn:lambda": (
        LambdaLayer, SIZED, {**STRIDES, **HEADS, "dim_head": [5, None], "r": [3, None]}, MAPS),
    "formula.A2": (DoubleAttention, {"channels": 48, "c_m": 12, "c_n": 9}, {"c_m": [7], "c_n": [16]}, MAPS),
}
