#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <torch/torch.h>

#include <fovea/attention/attention_factory.h>

namespace fovea {

using Sizes = std::vector<std::int64_t>;

/// Insertion point of a toy module, and the shape of its input.
struct Visit {
  InsertionPoint point;
  Sizes arrived;
};
using Visits = std::map<std::string, Visit>;  ///< by kind and path

struct ToyGate final : Gate {
  ToyGate(const InsertionPoint& own_point, Visits& all) : Gate("ToyGate"), point(own_point), visits(all) {}
  torch::Tensor attend(const torch::Tensor& features, ForwardContext&) override {
    visits["gate " + point.path] = {point, features.sizes().vec()};
    return features * 0.5;
  }
  InsertionPoint point;
  Visits& visits;
};

struct ToyMixer final : Mixer {
  ToyMixer(const InsertionPoint& own_point, Visits& all) : Mixer("ToyMixer"), point(own_point), visits(all) {
    const auto options = torch::nn::Conv2dOptions(point.in.channels, point.out_channels, 1).stride(point.stride);
    linear = register_module("linear", torch::nn::Conv2d(options));
  }
  torch::Tensor attend(const torch::Tensor& features, ForwardContext&) override {
    visits["mixer " + point.path] = {point, features.sizes().vec()};
    return linear(features);
  }
  InsertionPoint point;
  Visits& visits;
  torch::nn::Conv2d linear{nullptr};
};

/// Theta of a stage's warp.
inline torch::Tensor stage_theta(std::int64_t stage, std::int64_t images) {
  return torch::eye(3).slice(0, 0, 2).expand({images, 2, 3}) / static_cast<double>(1 + stage);
}

struct ToyWarp final : Warp {
  ToyWarp(const InsertionPoint& own_point, Visits& all) : Warp("ToyWarp"), point(own_point), visits(all) {}
  torch::Tensor attend(const torch::Tensor& features, ForwardContext& context) override {
    visits["warp " + point.path] = {point, features.sizes().vec()};
    context.theta = stage_theta(point.stage, features.size(0));
    return features.flip(3);
  }
  InsertionPoint point;
  Visits& visits;
};

struct ToyPool final : Pool {
  ToyPool(const InsertionPoint& own_point, Visits& all) : Pool("ToyPool"), point(own_point), visits(all) {}
  torch::Tensor attend(const PoolInput& input, ForwardContext&) override {
    visits["pool " + point.path] = {point, input.features.sizes().vec()};
    for (const StageFeatures& stage : input.stages) {
      stage_shapes.push_back(stage.features.sizes().vec());
      stage_thetas.push_back(stage.theta);
    }
    last_is_features = !input.stages.empty() && input.stages.back().features.is_same(input.features);
    return torch::cat({input.features.mean({2, 3}), input.features.amax({2, 3})}, 1);
  }
  std::int64_t out_features() const override { return 2 * point.in.channels; }
  InsertionPoint point;
  Visits& visits;
  std::vector<Sizes> stage_shapes;
  std::vector<torch::Tensor> stage_thetas;
  bool last_is_features = false;
};

/// Puts a toy at every insertion point.
struct ToyAttention final : AttentionFactory {
  std::shared_ptr<Gate> gate(const InsertionPoint& point) override { return std::make_shared<ToyGate>(point, visits); }
  std::shared_ptr<Mixer> mixer(const InsertionPoint& point) override { return std::make_shared<ToyMixer>(point, visits); }
  std::shared_ptr<Warp> warp(const InsertionPoint& point) override { return std::make_shared<ToyWarp>(point, visits); }
  std::shared_ptr<Pool> pool(const InsertionPoint& point) override {
    return last_pool = std::make_shared<ToyPool>(point, visits);
  }
  bool has_pool() const override { return true; }
  Visits visits;
  std::shared_ptr<ToyPool> last_pool;
};

inline Sizes sizes_of(const FeatureShape& shape) {
  return {shape.channels, shape.height, shape.width};
}

}  // namespace fovea
