"""Gates that golden files have from their papers' formulas (`formula.*`), and the authors' CBAM, written again from those
formulas under the authors' names of parameters, for attention_cases.py."""

import torch
from torch import nn
from torch.nn import functional

from convolution_cases import BASE, MAPS, ConvolutionNorm, GatherExcite, mean_of


class GatheredGate(GatherExcite):
    """formula.GatherExcite: timm's, of which its own release cannot build most"""

    def forward(self, x):
        return super().forward(x), {"map.dense": self.gate_of(x).expand_as(x)}


def branch(prefix, layers):
    """Layers under the names of BAM's authors"""
    sequence = nn.Sequential()
    for name, layer in layers:
        sequence.add_module(prefix + name, layer)
    return sequence


class BottleneckModule(nn.Module):
    """formula.BAM"""

    def __init__(self, channels, combine, dilation=4, reduction=16):
        super().__init__()
        width = channels // reduction
        self.combine = {"sum": torch.add, "product": torch.mul}[combine]
        self.channel_att, self.spatial_att = nn.Module(), nn.Module()
        self.channel_att.gate_c = branch("gate_c_", [
            ("fc_0", nn.Linear(channels, width)), ("bn_1", nn.BatchNorm1d(width)), ("relu_1", nn.ReLU()),
            ("fc_final", nn.Linear(width, channels))])
        spatial = [("conv_reduce0", nn.Conv2d(channels, width, 1)), ("bn_reduce0", nn.BatchNorm2d(width)),
                   ("relu_reduce0", nn.ReLU())]
        for i in range(2):
            spatial += [(f"conv_di_{i}", nn.Conv2d(width, width, 3, padding=dilation, dilation=dilation)),
                        (f"bn_di_{i}", nn.BatchNorm2d(width)), (f"relu_di_{i}", nn.ReLU())]
        self.spatial_att.gate_s = branch("gate_s_", [*spatial, ("conv_final", nn.Conv2d(width, 1, 1))])

    def forward(self, x):
        channel = self.channel_att.gate_c(x.mean((2, 3)))[:, :, None, None]
        gate = 1 + torch.sigmoid(self.combine(channel, self.spatial_att.gate_s(x)))
        return x * gate, {"map.dense": gate}


class ConcurrentExcitation(nn.Module):
    """formula.ScSE"""

    def __init__(self, channels, reduction=16):
        super().__init__()
        width = channels // reduction
        self.cSE = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Conv2d(channels, width, 1), nn.ReLU(),
                                 nn.Conv2d(width, channels, 1), nn.Sigmoid())
        self.sSE = nn.Sequential(nn.Conv2d(channels, 1, 1), nn.Sigmoid())

    def forward(self, x):
        channel, spatial = self.cSE(x), self.sSE(x)
        return x * channel + x * spatial, {"map.channel": channel, "map.spatial": spatial}


class TripletPlane(nn.Module):
    def __init__(self, kernel_size):
        super().__init__()
        self.conv = ConvolutionNorm(2, 1, kernel_size)

    def forward(self, x, axis):
        """A gate for x, that has one entry along the pooled `axis`; the convolution sees that axis first"""
        turned = x.transpose(1, axis)
        pooled = torch.cat([turned.amax(1, keepdim=True), turned.mean(1, keepdim=True)], 1)
        return torch.sigmoid(self.conv(pooled)).transpose(1, axis)


class Triplet(nn.Module):
    """formula.Triplet"""

    def __init__(self, kernel_size=7, no_spatial=False):
        super().__init__()
        self.cw, self.hc = TripletPlane(kernel_size), TripletPlane(kernel_size)
        if not no_spatial:
            self.hw = TripletPlane(kernel_size)

    def forward(self, x):
        gates = {"map.cw": self.cw(x, 2), "map.hc": self.hc(x, 3)}
        if hasattr(self, "hw"):
            gates["map.hw"] = self.hw(x, 1)
        return sum(x * gate for gate in gates.values()) / len(gates), gates


class SimpleAttention(nn.Module):
    """formula.SimAM"""

    def __init__(self, e_lambda=1e-4):
        super().__init__()
        self.e_lambda = e_lambda

    def forward(self, x):
        variance, mean = torch.var_mean(x, (2, 3), unbiased=True, keepdim=True)
        gate = torch.sigmoid((x - mean) ** 2 / (4 * (variance + self.e_lambda)) + 0.5)
        return x * gate, {"map.dense": gate}


class ChannelTransformation(nn.Module):
    """formula.GCT"""

    def __init__(self, channels, mode="l2"):
        super().__init__()
        self.mode = mode
        self.alpha, self.gamma, self.beta = (nn.Parameter(torch.zeros(1, channels, 1, 1)) for _ in range(3))

    def forward(self, x):
        if self.mode == "l2":
            embedding = self.alpha * ((x * x).sum((2, 3), keepdim=True) + 1e-5).sqrt()
            norm = ((embedding * embedding).mean(1, keepdim=True) + 1e-5).sqrt()
        else:
            embedding = self.alpha * x.abs().sum((2, 3), keepdim=True)
            norm = embedding.abs().mean(1, keepdim=True) + 1e-5
        gate = 1 + torch.tanh(self.gamma * embedding / norm + self.beta)
        return x * gate, {"map.channel": gate}


class StyleRecalibration(nn.Module):
    """formula.SRM"""

    def __init__(self, channels):
        super().__init__()
        self.cfc = nn.Parameter(torch.zeros(channels, 2))
        self.bn = nn.BatchNorm2d(channels)

    def forward(self, x):
        deviation = (x.var((2, 3), unbiased=True, keepdim=True) + 1e-5).sqrt()
        scores = self.cfc[:, 0, None, None] * mean_of(x) + self.cfc[:, 1, None, None] * deviation
        gate = torch.sigmoid(self.bn(scores))
        return x * gate, {"map.channel": gate}


class FrequencyChannels(nn.Module):
    """formula.FcaNet, with the cosines that its file holds"""

    def __init__(self, channels, height=7, width=7, reduction=16):
        super().__init__()
        self.dct_layer = nn.Module()
        self.dct_layer.register_buffer("weight", torch.zeros(channels, height, width))
        hidden = channels // reduction
        self.fc = nn.Sequential(nn.Linear(channels, hidden, bias=False), nn.ReLU(), nn.Linear(hidden, channels, bias=False))

    def forward(self, x):
        cosines = self.dct_layer.weight
        pooled = functional.adaptive_avg_pool2d(x, cosines.shape[1:])
        gate = torch.sigmoid(self.fc((pooled * cosines).sum((2, 3))))[:, :, None, None]
        return x * gate, {"map.channel": gate}


class SpatialSampler(nn.Module):
    """formula.StnSampler: bilinear, zeros outside"""

    def __init__(self, height, width, align_corners):
        super().__init__()
        self.size, self.align_corners = (height, width), align_corners

    def centres(self, count):
        """Of an axis' cells, in [-1, 1]"""
        cells = torch.arange(count, dtype=torch.float64)
        if self.align_corners:
            return 2 * cells / (count - 1) - 1
        return (2 * cells + 1) / count - 1

    def cells_of(self, points, count):
        """The inverse of centres(), for any points"""
        return (points + 1) * (count - 1) / 2 if self.align_corners else ((points + 1) * count - 1) / 2

    def forward(self, x, theta):
        y, across = torch.meshgrid(*(self.centres(count) for count in self.size), indexing="ij")
        points = torch.stack([across, y, torch.ones_like(y)], 2) @ theta.transpose(1, 2)[:, None]  # [N, H, W, 2]
        columns, rows = self.cells_of(points[..., 0], x.size(3)), self.cells_of(points[..., 1], x.size(2))

        def triangles(cells, count):
            """Weight of each of an axis' cells for each point"""
            return (1 - (cells[..., None] - torch.arange(count)).abs()).clamp(min=0)

        output = torch.einsum("ncij,nhwi,nhwj->nchw", x, triangles(rows, x.size(2)), triangles(columns, x.size(3)))
        return output, {"map.grid": points}


class OfficialBlockAttention(nn.Module):
    """MODELS.cbam.CBAM"""

    POOLS = {"avg": lambda x: x.mean((2, 3)), "max": lambda x: x.amax((2, 3)), "lse": lambda x: x.logsumexp((2, 3)),
             "lp": lambda x: (x * x).sum((2, 3)).sqrt()}

    def __init__(self, gate_channels, reduction_ratio=16, pool_types=("avg", "max")):
        super().__init__()
        width = gate_channels // reduction_ratio
        self.pools = [self.POOLS[name] for name in pool_types]
        self.ChannelGate, self.SpatialGate = nn.Module(), nn.Module()
        self.ChannelGate.mlp = nn.Sequential(nn.Flatten(), nn.Linear(gate_channels, width), nn.ReLU(),
                                             nn.Linear(width, gate_channels))
        self.SpatialGate.spatial = ConvolutionNorm(2, 1, 7)

    def forward(self, x):
        x = x * torch.sigmoid(sum(self.ChannelGate.mlp(pool(x)) for pool in self.pools))[:, :, None, None]
        planes = torch.cat([x.amax(1, keepdim=True), x.mean(1, keepdim=True)], 1)
        return x * torch.sigmoid(self.SpatialGate.spatial(planes))


def features_and_theta(_):
    return {"input": (2, 16, 7, 10), "theta": (2, 2, 3)}


# As in attention_cases.py.
SPECIFICATIONS = {
    "formula.GatherExcite": (
        GatheredGate, {**BASE, "feat_size": [7, 5]},
        {"extent": [2, 4], "extra_params": [True], "rd_ratio": [1 / 4]}, MAPS),
    "formula.BAM": (
        BottleneckModule, {**BASE, "combine": "sum"}, {"combine": ["product"], "dilation": [2], "reduction": [4]}, MAPS),
    "formula.ScSE": (ConcurrentExcitation, BASE, {"reduction": [4, 5]}, MAPS),
    "formula.Triplet": (Triplet, {}, {"kernel_size": [3], "no_spatial": [True]}, MAPS),
    "formula.SimAM": (SimpleAttention, {}, {"e_lambda": [0.1]}, MAPS),
    "formula.GCT": (ChannelTransformation, BASE, {"mode": ["l1"]}, MAPS),
    "formula.SRM": (StyleRecalibration, BASE, {}, MAPS),
    "formula.FcaNet": (FrequencyChannels, BASE, {"height": [6, 14], "width": [5, 9], "reduction": [4, 5]}, MAPS),
    "formula.StnSampler": (
        SpatialSampler, {"height": 6, "width": 9, "align_corners": False},
        {"height": [3], "width": [12], "align_corners": [True]}, features_and_theta),
    "MODELS.cbam.CBAM": (
        OfficialBlockAttention, {"gate_channels": 48},
        {"reduction_ratio": [4, 5], "pool_types": [["avg"], ["max"], ["lp"], ["lse"], ["lp", "lse", "avg", "max"]]}, MAPS),
}
