"""timm's attention over branches of convolutions, written again from its documented behaviour under timm's names of arguments
and parameters, for attention_cases.py."""

import torch
from torch import nn

from convolution_cases import (ACTIVATION, ACTIVATIONS, BASE, INNER_NORM, MAPS, NORMS, WIDTH, ConvolutionNorm, make_divisible,
                               mean_of)


class SelectiveKernelChoice(nn.Module):
    """timm.layers.SelectiveKernelAttn"""

    def __init__(self, channels, branches, width):
        super().__init__()
        self.branches = branches
        self.fc_reduce = nn.Conv2d(channels, width, 1, bias=False)
        self.bn = nn.BatchNorm2d(width)
        self.fc_select = nn.Conv2d(width, channels * branches, 1, bias=False)

    def forward(self, x):
        scores = self.fc_select(torch.relu(self.bn(self.fc_reduce(mean_of(x.sum(1))))))
        return torch.softmax(scores.unflatten(1, (self.branches, -1)), 1)


class SelectiveKernel(nn.Module):
    """timm.layers.SelectiveKernel"""

    def __init__(self, channels, kernel_size=None, stride=1, dilation=1, groups=1, rd_ratio=1 / 16, rd_channels=None,
                 rd_divisor=8, keep_3x3=True, split_input=True, act_layer="torch.nn.ReLU"):
        super().__init__()
        sizes = kernel_size or [3, 5]
        sizes = sizes if isinstance(sizes, list) else [sizes, sizes]
        dilations = [dilation * (size - 1) // 2 if keep_3x3 else dilation for size in sizes]
        self.split_input = split_input
        arriving = channels // len(sizes) if split_input else channels
        self.paths = nn.ModuleList([
            ConvolutionNorm(arriving, channels, 3 if keep_3x3 else size, stride, dilated, min(channels, groups), act_layer)
            for size, dilated in zip(sizes, dilations)])
        self.attn = SelectiveKernelChoice(channels, len(sizes), rd_channels or make_divisible(channels * rd_ratio, rd_divisor))

    def forward(self, x):
        inputs = x.chunk(len(self.paths), 1) if self.split_input else [x] * len(self.paths)
        branches = torch.stack([path(part) for path, part in zip(self.paths, inputs)], 1)
        return (branches * self.attn(branches)).sum(1)


class SplitAttention(nn.Module):
    """timm.layers.SplitAttn"""

    def __init__(self, channels, kernel_size=3, stride=1, groups=1, bias=False, radix=2, rd_ratio=0.25, rd_channels=None,
                 rd_divisor=8, act_layer="torch.nn.ReLU", norm_layer=None):
        super().__init__()
        width = rd_channels * radix if rd_channels else make_divisible(channels * radix * rd_ratio, rd_divisor, minimum=32)
        self.radix, self.groups, self.activation = radix, groups, ACTIVATIONS[act_layer]
        self.conv = nn.Conv2d(channels, channels * radix, kernel_size, stride, kernel_size // 2, groups=groups * radix,
                              bias=bias)
        self.bn0 = NORMS[norm_layer](channels * radix)
        self.fc1 = nn.Conv2d(channels, width, 1, groups=groups)
        self.bn1 = NORMS[norm_layer](width)
        self.fc2 = nn.Conv2d(width, channels * radix, 1, groups=groups)

    def forward(self, x):
        branches = self.activation(self.bn0(self.conv(x))).unflatten(1, (self.radix, -1))
        scores = self.fc2(self.activation(self.bn1(self.fc1(mean_of(branches.sum(1))))))
        if self.radix == 1:
            weights = torch.sigmoid(scores)
        else:
            weights = torch.softmax(scores.reshape(len(x), self.groups, self.radix, -1).transpose(1, 2), 1)
        return (branches * weights.reshape(len(x), self.radix, -1, 1, 1)).sum(1)


# As in attention_cases.py.
SPECIFICATIONS = {
    "timm.layers.create_attn:sk": (
        SelectiveKernel, BASE,
        {"kernel_size": [5, [3, 5, 7]], "stride": [2], "dilation": [2], "groups": [4], **WIDTH, "keep_3x3": [False],
         "split_input": [False], **ACTIVATION}, MAPS),
    "timm.layers.create_attn:splat": (
        SplitAttention, BASE,
        {"kernel_size": [5], "stride": [2], "groups": [2], "bias": [True], "radix": [1, 3], **WIDTH, "rd_ratio": [1 / 2],
         **ACTIVATION, **INNER_NORM}, MAPS),
}
