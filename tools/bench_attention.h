#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include <fovea/attention/insertion_point.h>
#include <fovea/config/config_node.h>

namespace fovea {

struct AttentionBench {
  std::vector<std::string> names;  ///< of mechanisms; empty = all
  FeatureShape shape{64, 14, 14};  ///< of the features; height and width are raised to what a mechanism asks for
  std::int64_t batch = 32;
  double seconds = 0.2;   ///< at least so long for each measurement
  bool identity = false;  ///< gates start as the identity
  std::uint64_t seed = 1;
};

/// Measures freshly initialised mechanisms on normal noise x, on one thread: several would wait for each other longer than
/// they compute. One row each with
/// - `gain`, of gates: sum(y x) / sum(x x) in evaluation mode, how much of the signal passes; the mean of 8 starts;
/// - `parameters`, `macs` (for one image);
/// - `forward_ms` {median, p10, p90} in evaluation mode without gradients;
/// - `training_ms` of forward and backward.
/// @param progress is told the name of each before it is measured. @throws InputError for a name that does not exist.
Json bench_attention(const AttentionBench& bench, const std::function<void(const std::string&)>& progress);

void print_attention_bench(const Json& rows, const AttentionBench& bench);

}  // namespace fovea
