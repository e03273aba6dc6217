#pragma once

#include <algorithm>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>
#include <torch/torch.h>

namespace fovea {

/// Compares backward() with central differences: entry by entry for up to about 64 entries of each variable, and along one
/// direction that has a part of every entry.
/// @param forward computes a tensor of any shape from `variables`, the same each time. @param variables float64 leaves that
/// require gradients, with names for messages.
inline void expect_gradients_match(const std::function<torch::Tensor()>& forward,
                                   const std::vector<std::pair<std::string, torch::Tensor>>& variables) {
  constexpr double kStep = 1e-5;       // error of central differences ~ step^2 = 1e-10, of rounding ~ 1e-16 / step = 1e-11
  constexpr double kTolerance = 1e-6;  // relative to the largest entry: room for steep functions
  constexpr std::int64_t kEntries = 64;
  const auto first = forward();
  const auto cotangent =
      torch::cos(torch::arange(first.numel(), torch::kFloat64)).view(first.sizes());  // no symmetry that could hide an error
  const auto loss = [&] { return (forward() * cotangent).sum(); };

  std::vector<torch::Tensor> leaves;
  for (const auto& [name, variable] : variables) leaves.push_back(variable);
  const auto gradients = torch::autograd::grad({loss()}, leaves, {}, /*retain_graph=*/false, /*create_graph=*/false,
                                               /*allow_unused=*/true);
  const torch::NoGradGuard no_grad;
  for (std::size_t v = 0; v < leaves.size(); ++v) {
    const std::string& name = variables[v].first;
    ASSERT_TRUE(gradients[v].defined()) << name << " gets no gradient";
    const auto slope = [&](const torch::Tensor& direction) {
      const auto old = leaves[v].clone();
      leaves[v].copy_(old + kStep * direction);
      const double above = loss().item<double>();
      leaves[v].copy_(old - kStep * direction);
      const double below = loss().item<double>();
      leaves[v].copy_(old);
      return (above - below) / (2 * kStep);
    };
    const auto gradient = gradients[v].flatten();
    const std::int64_t size = gradient.numel();
    const double scale = std::max(1.0, gradient.abs().max().item<double>());
    for (std::int64_t i = 0; i < size; i += std::max<std::int64_t>(1, size / kEntries)) {
      auto direction = torch::zeros_like(leaves[v]);
      direction.view({-1})[i] = 1;
      EXPECT_NEAR(gradient[i].item<double>(), slope(direction), kTolerance * scale)
          << "gradient of " << name << ", entry " << i;
    }
    const auto all = torch::sin(1 + torch::arange(size, torch::kFloat64)) / std::sqrt(static_cast<double>(size));
    EXPECT_NEAR((gradient * all).sum().item<double>(), slope(all.view(leaves[v].sizes())), kTolerance * scale)
        << "gradient of " << name << ", all entries";
  }
}

}  // namespace fovea
