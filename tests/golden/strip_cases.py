"""Coordinate attention and its relatives, which gate by the means of rows and of columns: timm's and the authors', written
again from their documented behaviour under their names of arguments and parameters, for attention_cases.py."""

import torch
from torch import nn

import convolution_cases
from convolution_cases import ACTIVATIONS, BASE, GATE, GATES, MAPS, WIDTH, width_of

NORMS = {**convolution_cases.NORMS, "torch.nn.InstanceNorm2d": nn.InstanceNorm2d,
         "timm.layers.GroupNorm1": lambda channels: nn.GroupNorm(1, channels)}


def means_of(x):
    """Of the rows [N, C, H, 1] and of the columns [N, C, 1, W]"""
    return x.mean(3, keepdim=True), x.mean(2, keepdim=True)


def with_skip(gated, x, has_skip):
    return gated + x if has_skip else gated


class CoordinateAttention(nn.Module):
    """timm.layers.CoordAttn"""

    def __init__(self, channels, rd_ratio=1 / 16, rd_channels=None, rd_divisor=8, se_factor=2 / 3, bias=False,
                 act_layer="torch.nn.Hardswish", norm_layer="torch.nn.BatchNorm2d", gate_layer="sigmoid", has_skip=False):
        super().__init__()
        width = width_of(channels, rd_ratio * se_factor, rd_channels, rd_divisor)
        self.activation, self.gate, self.has_skip = ACTIVATIONS[act_layer], GATES[gate_layer], has_skip
        self.conv1 = nn.Conv2d(channels, width, 1, bias=bias)
        self.bn1 = NORMS[norm_layer](width)
        self.conv_h = nn.Conv2d(width, channels, 1, bias=bias)
        self.conv_w = nn.Conv2d(width, channels, 1, bias=bias)

    def forward(self, x):
        rows, columns = means_of(x)
        both = torch.cat([rows, columns.transpose(2, 3)], 2)  # the norm sees both at once
        rows, columns = self.activation(self.bn1(self.conv1(both))).split(x.shape[2:], 2)
        gates = self.gate(self.conv_h(rows)) * self.gate(self.conv_w(columns.transpose(2, 3)))
        return with_skip(x * gates, x, self.has_skip)


class OfficialCoordinateAttention(CoordinateAttention):
    """coordatt.CoordAtt"""

    def __init__(self, inp, oup, reduction=32):
        assert inp == oup
        super().__init__(inp, rd_channels=max(8, inp // reduction), bias=True)


class SimpleCoordinateAttention(nn.Module):
    """timm.layers.SimpleCoordAttn"""

    def __init__(self, channels, rd_ratio=1 / 4, rd_channels=None, rd_divisor=8, se_factor=2 / 3, bias=True,
                 act_layer="torch.nn.SiLU", gate_layer="sigmoid", has_skip=False):
        super().__init__()
        width = width_of(channels, rd_ratio * se_factor, rd_channels, rd_divisor)
        self.activation, self.gate, self.has_skip = ACTIVATIONS[act_layer], GATES[gate_layer], has_skip
        self.fc1 = nn.Linear(channels, width, bias=bias)
        self.fc_h = nn.Linear(width, channels, bias=bias)
        self.fc_w = nn.Linear(width, channels, bias=bias)

    def forward(self, x):
        def scores(layer, means):
            return layer(self.activation(self.fc1(means.movedim(1, 3)))).movedim(3, 1)

        rows, columns = means_of(x)
        return with_skip(x * self.gate(scores(self.fc_h, rows) + scores(self.fc_w, columns)), x, self.has_skip)


def strip_convolutions(channels, size, bias):
    """Depthwise, along the rows' means and along the columns'"""
    return (nn.Conv2d(channels, channels, shape, padding=(shape[0] // 2, shape[1] // 2), groups=channels, bias=bias)
            for shape in ((size, 1), (1, size)))


class EfficientLocalAttention(nn.Module):
    """timm.layers.EfficientLocalAttn"""

    def __init__(self, channels, kernel_size=7, bias=False, act_layer="torch.nn.SiLU", gate_layer="sigmoid",
                 norm_layer="timm.layers.GroupNorm1", has_skip=False):
        super().__init__()
        self.activation, self.gate, self.has_skip = ACTIVATIONS[act_layer], GATES[gate_layer], has_skip
        self.conv_h, self.conv_w = strip_convolutions(channels, kernel_size, bias)
        self.norm_h, self.norm_w = NORMS[norm_layer](channels), NORMS[norm_layer](channels)

    def forward(self, x):
        rows, columns = means_of(x)
        gates = (self.gate(self.activation(self.norm_h(self.conv_h(rows)))) *
                 self.gate(self.activation(self.norm_w(self.conv_w(columns)))))
        return with_skip(x * gates, x, self.has_skip)


class StripAttention(nn.Module):
    """timm.layers.StripAttn"""

    def __init__(self, channels, use_conv=True, kernel_size=3, bias=False, gate_layer="sigmoid", has_skip=False):
        super().__init__()
        self.gate, self.has_skip = GATES[gate_layer], has_skip
        self.conv_h, self.conv_w = (strip_convolutions(channels, kernel_size, bias) if use_conv else
                                    (nn.Identity(), nn.Identity()))

    def forward(self, x):
        rows, columns = means_of(x)
        return with_skip(x * self.gate(self.conv_h(rows) + self.conv_w(columns)), x, self.has_skip)


OTHER_WIDTH = {**WIDTH, "rd_ratio": [1 / 2], "se_factor": [4.0]}  # far enough from the defaults for another width
SKIP = {"has_skip": [True]}

# As in attention_cases.py.
SPECIFICATIONS = {
    "timm.layers.create_attn:coord": (
        CoordinateAttention, BASE,
        {**OTHER_WIDTH, "bias": [True], "act_layer": ["torch.nn.ReLU", "torch.nn.Tanh"],
         "norm_layer": [None, "torch.nn.InstanceNorm2d", "timm.layers.GroupNorm1"], **GATE, **SKIP}, MAPS),
    "timm.layers.create_attn:scoord": (
        SimpleCoordinateAttention, BASE,
        {**OTHER_WIDTH, "bias": [False], "act_layer": ["torch.nn.ReLU", "torch.nn.Tanh"], **GATE, **SKIP}, MAPS),
    "timm.layers.create_attn:ela": (
        EfficientLocalAttention, BASE,
        {"kernel_size": [3], "bias": [True], "act_layer": ["torch.nn.ReLU", "torch.nn.Tanh"],
         "norm_layer": [None, "torch.nn.BatchNorm2d", "torch.nn.InstanceNorm2d"], **GATE, **SKIP}, MAPS),
    "timm.layers.create_attn:strip": (
        StripAttention, BASE, {"use_conv": [False], "kernel_size": [5], "bias": [True], **GATE, **SKIP}, MAPS),
    "coordatt.CoordAtt": (OfficialCoordinateAttention, {"inp": 48, "oup": 48}, {"reduction": [4]}, MAPS),
}
