#include <algorithm>
#include <cmath>

#include <fovea/models/internal/register_at.h>
#include <fovea/models/vgg/vgg_head.h>
#include <fovea/nn/dropout.h>
#include <fovea/nn/initialise.h>

namespace fovea {
namespace {

constexpr std::int64_t kVggSide = 7;  ///< rows and columns of the first hidden layer's input

/// Paths of the layers, first to last.
using VggHeadPaths = std::array<const char*, 3>;

const VggHeadPaths& vgg_head_paths(VggVariant variant) {
  static const VggHeadPaths kTorchvision{"classifier.0", "classifier.3", "classifier.6"};
  static const VggHeadPaths kTimm{"pre_logits.fc1", "pre_logits.fc2", "head.fc"};
  return variant == VggVariant::timm ? kTimm : kTorchvision;
}

VggVariant other_vgg_variant(VggVariant variant) {
  return variant == VggVariant::timm ? VggVariant::torchvision : VggVariant::timm;
}

/// [N, C, H, W] -> [N, C, 7, 7]
torch::Tensor means_on_vgg_side(const torch::Tensor& features) {
  return torch::adaptive_avg_pool2d(features, {kVggSide, kVggSide});
}

/// Adaptive average pooling of a side with fewer than 7 positions to 7; other sides are unchanged.
torch::Tensor at_least_vgg_side(const torch::Tensor& features) {
  const std::int64_t height = std::max(kVggSide, features.size(2)), width = std::max(kVggSide, features.size(3));
  if (height == features.size(2) && width == features.size(3)) return features;
  return torch::adaptive_avg_pool2d(features, {height, width});
}

}  // namespace

VggHead::VggHead(torch::nn::Module& owner, VggVariant variant, std::int64_t channels,
                 const std::array<std::int64_t, 2>& hidden, std::int64_t num_classes)
    : variant_(variant) {
  std::int64_t in = channels, side = kVggSide;
  for (std::size_t i = 0; i < hidden.size(); ++i) {
    const std::string path = vgg_head_paths(variant)[i];
    const std::int64_t out = hidden[i], inputs = in * side * side;
    if (variant == VggVariant::timm) {
      hidden_.emplace_back(register_at(owner, path, torch::nn::Conv2d(torch::nn::Conv2dOptions(in, out, side))));
      external_shapes_.push_back({out, inputs});
    } else {
      hidden_.emplace_back(register_at(owner, path, torch::nn::Linear(inputs, out)));
      external_shapes_.push_back({out, in, side, side});
    }
    in = out;
    side = 1;
  }
  logits_ = register_at(owner, logits(), torch::nn::Linear(in, num_classes));
}

VggHead::VggHead(torch::nn::Module& owner, VggVariant variant, std::int64_t features, std::int64_t num_classes)
    : variant_(variant) {
  logits_ = register_at(owner, logits(), torch::nn::Linear(features, num_classes));
}

std::string VggHead::logits() const {
  return vgg_head_paths(variant_).back();
}

torch::Tensor VggHead::forward(const torch::Tensor& features, double drop_probability, ForwardContext& context) {
  const auto dropped = [&](const torch::Tensor& from, const char* layer) {
    return apply_dropout(from, drop_probability, context.random.child("dropout").child(layer));
  };
  torch::Tensor hidden = features;
  if (!hidden_.empty()) {
    const auto input = variant_ == VggVariant::timm ? at_least_vgg_side(hidden) : means_on_vgg_side(hidden).flatten(1);
    hidden = dropped(torch::relu(hidden_[0].forward(input)), "hidden1");
    hidden = torch::relu(hidden_[1].forward(hidden));
    if (variant_ == VggVariant::timm) hidden = hidden.mean({2, 3});
  }
  return logits_(dropped(hidden, "hidden2"));
}

void VggHead::initialise(const RandomStream& stream) {
  for (std::size_t i = 0; i < hidden_.size(); ++i) {
    const auto weight = hidden_[i].ptr()->named_parameters(/*recurse=*/false)["weight"];
    const double fan_in = static_cast<double>(weight[0].numel());
    fill_normal(weight, stream.child(vgg_head_paths(variant_)[i]), std::sqrt(2.0 / fan_in));
  }
}

std::vector<KeyMapping> VggHead::key_mappings() const {
  const VggVariant other = other_vgg_variant(variant_);
  const VggHeadPaths& own = vgg_head_paths(variant_);
  const VggHeadPaths& external = vgg_head_paths(other);
  const auto library = [](VggVariant variant) { return variant == VggVariant::timm ? "timm" : "torchvision"; };
  KeyMapping mapping{library(other)};
  for (std::size_t i = 0; i < hidden_.size(); ++i) {
    const std::string path = own[i], external_path = external[i];
    mapping.keys[path] = {external_path};
    mapping.keys[path + ".weight"] = {external_path + ".weight", external_shapes_[i]};
  }
  mapping.keys[own.back()] = {external.back()};
  return {mapping, {.name = library(variant_)}};
}

}  // namespace fovea
