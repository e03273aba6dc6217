#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <torch/torch.h>

#include <fovea/attention/slot_factory.h>

namespace fovea {

using Sizes = std::vector<std::int64_t>;

/// What a toy module was built for, and the shape that then arrived.
struct Visit {
  Site site;
  Sizes arrived;
};
using Visits = std::map<std::string, Visit>;  ///< by kind and path

struct ToyGate final : Gate {
  ToyGate(const Site& own_site, Visits& all) : Gate("ToyGate"), site(own_site), visits(all) {}
  torch::Tensor attend(const torch::Tensor& features, ForwardContext&) override {
    visits["gate " + site.path] = {site, features.sizes().vec()};
    return features * 0.5;
  }
  Site site;
  Visits& visits;
};

struct ToyMixer final : Mixer {
  ToyMixer(const Site& own_site, Visits& all) : Mixer("ToyMixer"), site(own_site), visits(all) {
    const auto options = torch::nn::Conv2dOptions(site.in.channels, site.out_channels, 1).stride(site.stride);
    linear = register_module("linear", torch::nn::Conv2d(options));
  }
  torch::Tensor forward(const torch::Tensor& features, ForwardContext&) override {
    visits["mixer " + site.path] = {site, features.sizes().vec()};
    return linear(features);
  }
  Site site;
  Visits& visits;
  torch::nn::Conv2d linear{nullptr};
};

/// The frame behind a stage's warp.
inline torch::Tensor stage_frame(std::int64_t stage, std::int64_t images) {
  return torch::eye(3).slice(0, 0, 2).expand({images, 2, 3}) / static_cast<double>(1 + stage);
}

struct ToyWarp final : Warp {
  ToyWarp(const Site& own_site, Visits& all) : Warp("ToyWarp"), site(own_site), visits(all) {}
  torch::Tensor forward(const torch::Tensor& features, ForwardContext& context) override {
    visits["warp " + site.path] = {site, features.sizes().vec()};
    context.frame = stage_frame(site.stage, features.size(0));
    return features.flip(3);
  }
  Site site;
  Visits& visits;
};

struct ToyPool final : Pool {
  ToyPool(const Site& own_site, Visits& all) : Pool("ToyPool"), site(own_site), visits(all) {}
  torch::Tensor forward(const PoolInput& input, ForwardContext&) override {
    visits["pool " + site.path] = {site, input.features.sizes().vec()};
    for (const StageFeatures& stage : input.stages) {
      stage_shapes.push_back(stage.features.sizes().vec());
      stage_frames.push_back(stage.frame);
    }
    last_is_features = !input.stages.empty() && input.stages.back().features.is_same(input.features);
    return torch::cat({input.features.mean({2, 3}), input.features.amax({2, 3})}, 1);
  }
  std::int64_t out_features() const override { return 2 * site.in.channels; }
  Site site;
  Visits& visits;
  std::vector<Sizes> stage_shapes;
  std::vector<torch::Tensor> stage_frames;
  bool last_is_features = false;
};

/// Puts a toy at every site.
struct ToySlots final : SlotFactory {
  std::shared_ptr<Gate> gate(const Site& site) override { return std::make_shared<ToyGate>(site, visits); }
  std::shared_ptr<Mixer> mixer(const Site& site) override { return std::make_shared<ToyMixer>(site, visits); }
  std::shared_ptr<Warp> warp(const Site& site) override { return std::make_shared<ToyWarp>(site, visits); }
  std::shared_ptr<Pool> pool(const Site& site) override { return last_pool = std::make_shared<ToyPool>(site, visits); }
  bool has_pool() const override { return true; }
  Visits visits;
  std::shared_ptr<ToyPool> last_pool;
};

inline Sizes sizes_of(const FeatureShape& shape) {
  return {shape.channels, shape.height, shape.width};
}

}  // namespace fovea
