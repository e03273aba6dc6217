#pragma once

#include <cstdint>

#include <torch/torch.h>

#include <fovea/options/fields.h>

namespace fovea {

/// Normalisation of feature maps inside a mechanism.
enum class FeatureNorm {
  none,
  batch,     ///< batch norm
  group,     ///< group norm over all channels at once, timm's GroupNorm1
  instance,  ///< instance norm without scale and shift
};

/// Declares the field `norm` of a mechanism's options.
void visit_feature_norm(FieldVisitor& fields, FeatureNorm& norm, const char* help);

/// A module with forward([N, C, H, W]) -> the same shape.
torch::nn::AnyModule make_feature_norm(FeatureNorm norm, std::int64_t channels);

}  // namespace fovea
