"""Attention with a query of its own (`formula.*` in golden files), written again from the papers' formulas, for
attention_cases.py. Features are [N, C, H, W] or a sequence [N, S, C]."""

import torch
from torch import nn


def positions_of(features):
    """[N, positions, C]"""
    return features.flatten(2).transpose(1, 2) if features.dim() == 4 else features


def plain(features, out):
    return nn.Linear(features, out, bias=False)


def attended(weights, positions):
    return (weights.unsqueeze(2) * positions).sum(1)


class Bahdanau(nn.Module):
    """formula.Bahdanau"""

    def __init__(self, channels, query_dim, attention_dim):
        super().__init__()
        self.W, self.U, self.v = plain(query_dim, attention_dim), plain(channels, attention_dim), plain(attention_dim, 1)

    def forward(self, features, query):
        positions = positions_of(features)
        scores = self.v(torch.tanh(self.W(query)[:, None] + self.U(positions)))[:, :, 0]
        weights = torch.softmax(scores, 1)
        return attended(weights, positions), {"scores": scores, "attn_weights": weights}


class Luong(nn.Module):
    """formula.Luong"""

    def __init__(self, channels, query_dim, output_dim, score, attention_dim, cells):
        super().__init__()
        assert score != "dot" or channels == query_dim
        self.score = score
        if score == "general":
            self.W_a = plain(channels, query_dim)
        elif score == "concat":
            self.W_a, self.v_a = plain(query_dim + channels, attention_dim), plain(attention_dim, 1)
        elif score == "location":
            self.W_a = plain(query_dim, cells)
        self.W_c = plain(channels + query_dim, output_dim)

    def scores(self, positions, query):
        if self.score == "location":
            return self.W_a(query)
        if self.score == "concat":
            queries = query[:, None].expand(-1, positions.size(1), -1)
            return self.v_a(torch.tanh(self.W_a(torch.cat([queries, positions], 2))))[:, :, 0]
        keys = self.W_a(positions) if self.score == "general" else positions
        return (keys * query[:, None]).sum(2)

    def forward(self, features, query):
        positions = positions_of(features)
        scores = self.scores(positions, query)
        weights = torch.softmax(scores, 1)
        context = attended(weights, positions)
        output = torch.tanh(self.W_c(torch.cat([context, query], 1)))
        return output, {"scores": scores, "attn_weights": weights, "context": context}


class LuongLocal(nn.Module):
    """formula.LuongLocal"""

    def __init__(self, channels, query_dim, output_dim, window, mode, attention_dim):
        super().__init__()
        self.window = window
        self.W_a, self.W_c = plain(channels, query_dim), plain(channels + query_dim, output_dim)
        if mode == "p":
            self.W_p, self.v_p = plain(query_dim, attention_dim), plain(attention_dim, 1)

    def forward(self, features, query, position=None):
        length = features.size(1)
        if position is None:
            position = length * torch.sigmoid(self.v_p(torch.tanh(self.W_p(query))))[:, 0]
        from_centre = torch.arange(length) - position[:, None]
        scores = (self.W_a(features) * query[:, None]).sum(2)
        weights = torch.softmax(scores.masked_fill(from_centre.abs() > self.window, -torch.inf), 1)
        if hasattr(self, "W_p"):
            weights = weights * torch.exp(-from_centre ** 2 / (2 * (self.window / 2) ** 2))
        context = attended(weights, features)
        output = torch.tanh(self.W_c(torch.cat([context, query], 1)))
        return output, {"position": position, "attn_weights": weights, "context": context}


class Holder(nn.Module):
    """A layer under the name `op`, as in the code of learning to pay attention"""

    def __init__(self, features, out):
        super().__init__()
        self.op = nn.Conv2d(features, out, 1, bias=False)

    def forward(self, x):
        return self.op(x)


class PaidAttention(nn.Module):
    """formula.LTPA"""

    def __init__(self, local_channels, global_channels, score="additive", normalise="softmax"):
        super().__init__()
        self.normalise = normalise
        self.projector = Holder(local_channels, global_channels)
        if score == "additive":
            self.attn = Holder(global_channels, 1)

    def forward(self, features, g):
        local, g = self.projector(features), g[:, :, None, None]
        scores = self.attn(local + g) if hasattr(self, "attn") else (local * g).sum(1, keepdim=True)
        if self.normalise == "softmax":
            weights = torch.softmax(scores.flatten(2), 2).view_as(scores)
            output = (weights * local).sum((2, 3))
        else:
            weights = torch.sigmoid(scores)
            output = (weights * local).mean((2, 3))
        return output, {"scores": scores, "attn_weights": weights}


def features_and_query(arguments):
    return {"input": (2, arguments["channels"], 5, 7), "query": (2, arguments["query_dim"])}


def sequence_and_query(arguments):
    """And the centres of the windows, where they are not predicted: one is near an end, and none at a position."""
    inputs = {"input": (2, 13, arguments["channels"]), "query": (2, arguments["query_dim"])}
    return inputs if arguments["mode"] == "p" else {**inputs, "position": torch.tensor([1.25, 7.625])}


def features_and_global(arguments):
    return {"input": (2, arguments["local_channels"], 5, 7), "g": (2, arguments["global_channels"])}


SIZES = {"channels": 48, "query_dim": 24, "attention_dim": 16}
OTHER_SIZES = {"channels": [32], "query_dim": [48], "attention_dim": [7]}

# As in attention_cases.py.
SPECIFICATIONS = {
    "formula.Bahdanau": (Bahdanau, SIZES, OTHER_SIZES, features_and_query),
    "formula.Luong": (
        Luong, {**SIZES, "output_dim": 20, "score": "general", "cells": 35},
        {**OTHER_SIZES, "output_dim": [9], "score": ["dot", "concat", "location"]}, features_and_query),
    "formula.Luong of one width": (
        Luong, {**SIZES, "query_dim": 48, "output_dim": 20, "score": "dot", "cells": 35},
        {"attention_dim": [7], "output_dim": [9], "score": ["general", "concat", "location"]}, features_and_query),
    "formula.LuongLocal": (
        LuongLocal, {**SIZES, "output_dim": 20, "window": 3, "mode": "m"},
        {**OTHER_SIZES, "output_dim": [9], "window": [2], "mode": ["p"]}, sequence_and_query),
    "formula.LTPA": (
        PaidAttention, {"local_channels": 48, "global_channels": 24},
        {"local_channels": [32], "global_channels": [40], "score": ["dot"], "normalise": ["sigmoid"]}, features_and_global),
}
