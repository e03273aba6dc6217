#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>
#include <torch/torch.h>

namespace fovea {

/// Compares backward() with central differences, entry by entry.
/// @param forward computes a tensor of any shape from `variables`, the same each time. @param variables float64 leaves that
/// require gradients, with names for messages.
inline void expect_gradients_match(const std::function<torch::Tensor()>& forward,
                                   const std::vector<std::pair<std::string, torch::Tensor>>& variables) {
  constexpr double kStep = 1e-5;       // error of central differences ~ step^2 = 1e-10, of rounding ~ 1e-16 / step = 1e-11
  constexpr double kTolerance = 1e-6;  // relative to the largest entry: room for steep functions
  const auto first = forward();
  const auto cotangent =
      torch::cos(torch::arange(first.numel(), torch::kFloat64)).view(first.sizes());  // no symmetry to hide in
  const auto loss = [&] { return (forward() * cotangent).sum(); };

  std::vector<torch::Tensor> leaves;
  for (const auto& [name, variable] : variables) leaves.push_back(variable);
  const auto gradients = torch::autograd::grad({loss()}, leaves, {}, /*retain_graph=*/false, /*create_graph=*/false,
                                               /*allow_unused=*/true);
  const torch::NoGradGuard no_grad;
  for (std::size_t v = 0; v < leaves.size(); ++v) {
    const std::string& name = variables[v].first;
    ASSERT_TRUE(gradients[v].defined()) << name << " gets no gradient";
    auto numeric = torch::empty_like(leaves[v]);
    auto values = leaves[v].view({-1});
    for (std::int64_t i = 0; i < values.numel(); ++i) {
      const double old = values[i].item<double>();
      values[i] = old + kStep;
      const double above = loss().item<double>();
      values[i] = old - kStep;
      const double below = loss().item<double>();
      values[i] = old;
      numeric.view({-1})[i] = (above - below) / (2 * kStep);
    }
    const double scale = std::max(1.0, numeric.abs().max().item<double>());
    const double difference = (gradients[v] - numeric).abs().max().item<double>();
    EXPECT_LE(difference, kTolerance * scale) << "gradient of " << name;
  }
}

}  // namespace fovea
