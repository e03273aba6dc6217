#pragma once

#include <cstdint>
#include <vector>

#include <torch/torch.h>

#include <fovea/attention/insertion_point.h>
#include <fovea/attention/pool.h>
#include <fovea/nn/attention_map.h>
#include <fovea/nn/initialise.h>

namespace fovea {

/// An insertion point for a pool after features of this shape. @param query_features of a context query; 0 = none.
inline InsertionPoint pool_point(const FeatureShape& in, std::int64_t query_features = 0) {
  InsertionPoint point{InsertionKind::pool, 0, in, in.channels, 1, "pool", {in}};
  point.query_features = query_features;
  return point;
}

/// Normal draws as float64, the same for the same seed.
inline torch::Tensor drawn(torch::IntArrayRef shape, std::uint64_t seed = 1) {
  auto tensor = torch::empty(shape, torch::kFloat64);
  fill_normal(tensor, RandomStream(seed, Purpose::test), 1.0);
  return tensor;
}

/// Gives all parameters normal draws, as float64; evaluation mode.
inline void draw_parameters(torch::nn::Module& module, std::uint64_t seed = 1) {
  module.to(torch::kFloat64);
  module.eval();
  for (auto& item : module.named_parameters()) {
    fill_normal(item.value(), RandomStream(seed, Purpose::test).child(item.key()), 0.5);
  }
}

/// A pool's result and the maps it offered.
struct PoolRun {
  torch::Tensor output;
  std::vector<AttentionMap> maps;
};

inline PoolRun run_pool(Pool& pool, const PoolInput& input) {
  AttentionRecorder recorder(pool);
  ForwardContext context;
  context.hooks = &recorder;
  const auto output = pool.attend(input, context);
  return {output, recorder.maps};
}

}  // namespace fovea
