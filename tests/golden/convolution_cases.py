"""timm's attention modules for feature maps, written again from their documented behaviour under timm's names of arguments and
parameters, for attention_cases.py. Arguments are those of timm.layers.create_attn; classes are named by their path."""

import math

import torch
from torch import nn
from torch.nn import functional

ACTIVATIONS = {"torch.nn.ReLU": nn.ReLU(), "torch.nn.SiLU": nn.SiLU(), "torch.nn.Tanh": nn.Tanh(),
               "torch.nn.Hardswish": nn.Hardswish()}
GATES = {"sigmoid": torch.sigmoid, "hard_sigmoid": functional.hardsigmoid}
NORMS = {"torch.nn.BatchNorm2d": nn.BatchNorm2d, None: lambda channels: nn.Identity()}


def make_divisible(value, divisor=8, minimum=None, round_limit=0.9):
    rounded = max(minimum or divisor, int(value + divisor / 2) // divisor * divisor)
    return rounded + divisor if rounded < round_limit * value else rounded


def width_of(channels, ratio, given, divisor, round_limit=0.0):
    return given or make_divisible(channels * ratio, divisor, round_limit=round_limit)


def mean_of(x):
    return x.mean((2, 3), keepdim=True)


def mean_with_maximum(x, add_maxpool):
    return 0.5 * mean_of(x) + 0.5 * x.amax((2, 3), keepdim=True) if add_maxpool else mean_of(x)


class Perceptron(nn.Module):
    """timm.layers.ConvMlp"""

    def __init__(self, channels, hidden, act_layer, has_norm=False):
        super().__init__()
        self.fc1 = nn.Conv2d(channels, hidden, 1)
        if has_norm:
            self.norm = nn.LayerNorm(hidden, eps=1e-6)
        self.fc2 = nn.Conv2d(hidden, channels, 1)
        self.activation = ACTIVATIONS[act_layer]

    def forward(self, x):
        x = self.fc1(x)
        if hasattr(self, "norm"):
            x = self.norm(x.movedim(1, 3)).movedim(3, 1)
        return self.fc2(self.activation(x))


class ConvolutionNorm(nn.Module):
    """timm.layers.ConvNormAct; without an activation if act_layer is None"""

    def __init__(self, channels, out, kernel_size, stride=1, dilation=1, groups=1, act_layer=None):
        super().__init__()
        padding = ((stride - 1) + dilation * (kernel_size - 1)) // 2
        self.conv = nn.Conv2d(channels, out, kernel_size, stride, padding, dilation, groups, bias=False)
        self.bn = nn.BatchNorm2d(out)
        self.activation = ACTIVATIONS[act_layer] if act_layer else nn.Identity()

    def forward(self, x):
        return self.activation(self.bn(self.conv(x)))


class SqueezeExcitation(nn.Module):
    """timm.layers.SEModule"""

    def __init__(self, channels, rd_ratio=1 / 16, rd_channels=None, rd_divisor=8, add_maxpool=False, bias=True,
                 act_layer="torch.nn.ReLU", norm_layer=None, gate_layer="sigmoid"):
        super().__init__()
        width = width_of(channels, rd_ratio, rd_channels, rd_divisor)
        self.add_maxpool, self.activation, self.gate = add_maxpool, ACTIVATIONS[act_layer], GATES[gate_layer]
        self.fc1 = nn.Conv2d(channels, width, 1, bias=bias)
        self.bn = NORMS[norm_layer](width)
        self.fc2 = nn.Conv2d(width, channels, 1, bias=bias)

    def forward(self, x):
        return x * self.gate(self.fc2(self.activation(self.bn(self.fc1(mean_with_maximum(x, self.add_maxpool))))))


class EffectiveSqueezeExcitation(nn.Module):
    """timm.layers.EffectiveSEModule"""

    def __init__(self, channels, add_maxpool=False, gate_layer="hard_sigmoid"):
        super().__init__()
        self.add_maxpool, self.gate = add_maxpool, GATES[gate_layer]
        self.fc = nn.Conv2d(channels, channels, 1)

    def forward(self, x):
        return x * self.gate(self.fc(mean_with_maximum(x, self.add_maxpool)))


class EfficientChannels(nn.Module):
    """timm.layers.EcaModule, and with circular padding CecaModule"""

    def __init__(self, channels, circular=False, use_mlp=False, kernel_size=3, act_layer=None, gate_layer="sigmoid",
                 rd_ratio=1 / 8, rd_channels=None, rd_divisor=8):
        super().__init__()
        odd = int(abs(math.log(channels, 2) + 1) / 2)
        size = max(odd if odd % 2 else odd + 1, 3)  # whatever kernel_size is, as the channels are given
        self.padding, self.circular, self.gate = (size - 1) // 2, circular, GATES[gate_layer]
        if use_mlp:
            hidden = rd_channels or make_divisible(channels * rd_ratio, rd_divisor)
            self.activation = ACTIVATIONS[act_layer or "torch.nn.ReLU"]
            self.conv = nn.Conv1d(1, hidden, 1)
            self.conv2 = nn.Conv1d(hidden, 1, size, padding=self.padding)
        else:
            has_bias = circular and act_layer is not None
            self.conv = nn.Conv1d(1, 1, size, padding=0 if circular else self.padding, bias=has_bias)

    def forward(self, x):
        y = x.mean((2, 3)).unsqueeze(1)
        if self.circular:
            y = functional.pad(y, (self.padding, self.padding), mode="circular")
        y = self.conv(y)
        if hasattr(self, "conv2"):
            y = self.conv2(self.activation(y))
        return x * self.gate(y).transpose(1, 2).unsqueeze(3)


class GatherExcite(nn.Module):
    """timm.layers.GatherExcite"""

    def __init__(self, channels, feat_size=None, extra_params=False, extent=0, use_mlp=True, rd_ratio=1 / 16,
                 rd_channels=None, rd_divisor=1, add_maxpool=False, act_layer="torch.nn.ReLU",
                 norm_layer="torch.nn.BatchNorm2d", gate_layer="sigmoid"):
        super().__init__()
        self.extent, self.add_maxpool, self.gate = extent, add_maxpool, GATES[gate_layer]
        if extra_params:
            self.gather = self.convolutions(channels, feat_size, extent, act_layer)
        width = width_of(channels, rd_ratio, rd_channels, rd_divisor)
        self.mlp = Perceptron(channels, width, act_layer) if use_mlp else nn.Identity()

    @staticmethod
    def convolutions(channels, feat_size, extent, act_layer):
        """Depthwise: log2(extent) of stride 2, or one of the map's size"""
        gather = nn.Sequential()
        count = int(math.log2(extent)) if extent else 1
        for i in range(1, count + 1):
            shape = {"kernel_size": 3, "stride": 2, "padding": 1} if extent else {"kernel_size": feat_size}
            gather.add_module(f"conv{i}", nn.Conv2d(channels, channels, **shape, groups=channels, bias=False))
            gather.add_module(f"norm{i}", nn.BatchNorm2d(channels))
            if i < count:
                gather.add_module(f"act{i}", ACTIVATIONS[act_layer])
        return gather

    def gathered(self, x):
        if hasattr(self, "gather"):
            return self.gather(x)
        if self.extent == 0:
            return mean_with_maximum(x, self.add_maxpool)
        size, padding = 2 * self.extent - 1, self.extent - 1
        mean = functional.avg_pool2d(x, size, self.extent, padding, count_include_pad=False)
        return 0.5 * mean + 0.5 * functional.max_pool2d(x, size, self.extent, padding) if self.add_maxpool else mean

    def gate_of(self, x):
        y = self.mlp(self.gathered(x))
        if y.shape[2:] != (1, 1):
            y = functional.interpolate(y, size=x.shape[2:])
        return self.gate(y)

    def forward(self, x):
        return x * self.gate_of(x)


class GlobalContext(nn.Module):
    """timm.layers.GlobalContext"""

    def __init__(self, channels, use_attn=True, fuse_add=False, fuse_scale=True, rd_ratio=1 / 8, rd_channels=None,
                 rd_divisor=1, act_layer="torch.nn.ReLU", gate_layer="sigmoid"):
        super().__init__()
        self.gate = GATES[gate_layer]
        width = width_of(channels, rd_ratio, rd_channels, rd_divisor)
        if use_attn:
            self.conv_attn = nn.Conv2d(channels, 1, 1)
        if fuse_add:
            self.mlp_add = Perceptron(channels, width, act_layer, has_norm=True)
        if fuse_scale:
            self.mlp_scale = Perceptron(channels, width, act_layer, has_norm=True)

    def forward(self, x):
        context = mean_of(x)
        if hasattr(self, "conv_attn"):
            weights = torch.softmax(self.conv_attn(x).flatten(2), 2)
            context = (x.flatten(2) * weights).sum(2)[:, :, None, None]
        if hasattr(self, "mlp_scale"):
            x = x * self.gate(self.mlp_scale(context))
        return x + self.mlp_add(context) if hasattr(self, "mlp_add") else x


class Channels(nn.Module):
    """timm.layers.cbam.ChannelAttn, and LightChannelAttn"""

    def __init__(self, channels, width, act_layer, gate, bias, light):
        super().__init__()
        self.fc1 = nn.Conv2d(channels, width, 1, bias=bias)
        self.fc2 = nn.Conv2d(width, channels, 1, bias=bias)
        self.activation, self.gate, self.light = ACTIVATIONS[act_layer], gate, light

    def forward(self, x):
        def scores(pooled):
            return self.fc2(self.activation(self.fc1(pooled)))

        if self.light:
            return x * torch.sigmoid(scores(mean_with_maximum(x, True)))
        return x * self.gate(scores(mean_of(x)) + scores(x.amax((2, 3), keepdim=True)))


class Positions(nn.Module):
    """timm.layers.cbam.SpatialAttn, and LightSpatialAttn"""

    def __init__(self, kernel_size, gate, light):
        super().__init__()
        self.conv = ConvolutionNorm(1 if light else 2, 1, kernel_size)
        self.gate, self.light = gate, light

    def forward(self, x):
        mean, maximum = x.mean(1, keepdim=True), x.amax(1, keepdim=True)
        pooled = 0.5 * mean + 0.5 * maximum if self.light else torch.cat([mean, maximum], 1)
        return x * self.gate(self.conv(pooled))


class BlockAttention(nn.Module):
    """timm.layers.CbamModule, and LightCbamModule, which passes no gate_layer on"""

    def __init__(self, channels, light=False, rd_ratio=1 / 16, rd_channels=None, rd_divisor=1, spatial_kernel_size=7,
                 act_layer="torch.nn.ReLU", gate_layer="sigmoid", mlp_bias=False):
        super().__init__()
        gate = GATES["sigmoid" if light else gate_layer]
        width = width_of(channels, rd_ratio, rd_channels, rd_divisor)
        self.channel = Channels(channels, width, act_layer, gate, mlp_bias, light)
        self.spatial = Positions(spatial_kernel_size, gate, light)

    def forward(self, x):
        return self.spatial(self.channel(x))


class MobileSqueezeExcitation(nn.Module):
    """timm.models._efficientnet_blocks.SqueezeExcite"""

    def __init__(self, in_chs, rd_ratio=0.25, rd_channels=None, act_layer="torch.nn.ReLU", gate_layer="sigmoid"):
        super().__init__()
        width = rd_channels or round(in_chs * rd_ratio)
        self.conv_reduce = nn.Conv2d(in_chs, width, 1)
        self.conv_expand = nn.Conv2d(width, in_chs, 1)
        self.activation, self.gate = ACTIVATIONS[act_layer], GATES[gate_layer]

    def forward(self, x):
        return x * self.gate(self.conv_expand(self.activation(self.conv_reduce(mean_of(x)))))


def variant(module, **fixed):
    return lambda **arguments: module(**arguments, **fixed)


WIDTH = {"rd_ratio": [1 / 4], "rd_channels": [12], "rd_divisor": [10]}
ACTIVATION = {"act_layer": ["torch.nn.SiLU", "torch.nn.Tanh"]}
GATE = {"gate_layer": ["hard_sigmoid"]}
INNER_NORM = {"norm_layer": ["torch.nn.BatchNorm2d"]}
MAPS = [(2, 48, 7, 5)]
BASE = {"channels": 48}

# As in attention_cases.py.
SPECIFICATIONS = {
    "timm.layers.create_attn:se": (
        SqueezeExcitation, BASE, {**WIDTH, "add_maxpool": [True], "bias": [False], **ACTIVATION, **INNER_NORM, **GATE}, MAPS),
    "timm.layers.create_attn:ese": (
        EffectiveSqueezeExcitation, BASE, {"add_maxpool": [True], "gate_layer": ["sigmoid"]}, MAPS),
    "timm.layers.create_attn:eca": (EfficientChannels, BASE, {"kernel_size": [7], **GATE}, MAPS),
    "timm.layers.create_attn:ecam": (
        variant(EfficientChannels, use_mlp=True), BASE, {**WIDTH, "kernel_size": [7], **ACTIVATION, **GATE}, MAPS),
    "timm.layers.create_attn:ceca": (
        variant(EfficientChannels, circular=True), BASE, {"kernel_size": [7], "act_layer": ["torch.nn.ReLU"], **GATE}, MAPS),
    "timm.layers.create_attn:ge": (
        GatherExcite, {**BASE, "extra_params": True, "extent": 4, "feat_size": [7, 5]},
        {"extent": [0, 2, 8], "use_mlp": [False], **WIDTH, "add_maxpool": [True], **ACTIVATION, **GATE}, MAPS),
    "timm.layers.create_attn:ge without parameters": (
        GatherExcite, BASE,
        {"extent": [2, 4], "use_mlp": [False], **WIDTH, "add_maxpool": [True], **ACTIVATION, **GATE}, MAPS),
    "timm.layers.create_attn:gc": (
        GlobalContext, BASE, {"use_attn": [False], "fuse_add": [True], **WIDTH, **ACTIVATION, **GATE}, MAPS),
    "timm.layers.create_attn:gca": (
        variant(GlobalContext, fuse_scale=False), {**BASE, "fuse_add": True},
        {"use_attn": [False], **WIDTH, **ACTIVATION}, MAPS),
    "timm.layers.create_attn:cbam": (
        BlockAttention, BASE, {**WIDTH, "spatial_kernel_size": [3], "mlp_bias": [True], **ACTIVATION, **GATE}, MAPS),
    "timm.layers.create_attn:lcbam": (
        variant(BlockAttention, light=True), BASE,
        {**WIDTH, "spatial_kernel_size": [3], "mlp_bias": [True], **ACTIVATION, **GATE}, MAPS),
    "timm.models._efficientnet_blocks.SqueezeExcite": (
        MobileSqueezeExcitation, {"in_chs": 48}, {"rd_ratio": [1 / 6], "rd_channels": [7], **ACTIVATION, **GATE}, MAPS),
}
