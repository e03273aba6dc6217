#include <algorithm>

#include <fovea/nn/freeze.h>
#include <fovea/nn/layer_pattern.h>

namespace fovea {
namespace {

bool is_batch_norm(torch::nn::Module& module) {
  return module.as<torch::nn::BatchNorm1d>() != nullptr || module.as<torch::nn::BatchNorm2d>() != nullptr ||
         module.as<torch::nn::BatchNorm3d>() != nullptr;
}

bool matches_any(const std::vector<std::string>& patterns, const std::string& path) {
  return std::any_of(patterns.begin(), patterns.end(),
                     [&](const std::string& pattern) { return matches_layer(pattern, path); });
}

void expect_each_matches(const torch::nn::Module& network, const std::vector<std::string>& patterns,
                         const std::string& where) {
  for (const std::string& pattern : patterns) {
    bool matches_norm = false;
    for (const auto& item : network.named_modules("", /*include_self=*/false))
      matches_norm |= is_batch_norm(*item.value()) && matches_layer(pattern, item.key());
    if (!matches_norm) parameters_matching(network, pattern, where);
  }
}

}  // namespace

void freeze(torch::nn::Module& network, const std::vector<std::string>& patterns, const std::string& where) {
  expect_each_matches(network, patterns, where);
  for (auto& item : network.named_parameters()) {
    if (!matches_any(patterns, item.key())) continue;
    item.value().set_requires_grad(false);
    item.value().mutable_grad() = torch::Tensor();
  }
  for (const auto& item : network.named_modules("", /*include_self=*/false)) {
    torch::nn::Module& module = *item.value();
    if (!is_batch_norm(module)) continue;
    const std::vector<std::string> own = module.named_parameters().keys();
    const bool is_frozen =
        own.empty() ? matches_any(patterns, item.key()) : std::all_of(own.begin(), own.end(), [&](const std::string& name) {
          return matches_any(patterns, item.key() + "." + name);
        });
    if (is_frozen) module.eval();
  }
}

}  // namespace fovea
