#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <fovea/attention/insertion_point.h>
#include <fovea/config/config_node.h>
#include <fovea/run/block_profile.h>
#include <fovea/run/timing.h>

namespace fovea {

struct AttentionBenchmarkOptions {
  std::vector<std::string> names = {};  ///< of mechanisms; empty = all
  FeatureShape shape{64, 14, 14};       ///< of the features; height and width are rounded up, see fitting_shape()
  std::int64_t batch = 32;              ///< batch size
  double seconds = 0.2;                 ///< minimum duration of each measurement
  bool identity = false;                ///< gates start as the identity
  std::uint64_t seed = 1;
  std::function<void(const std::string&)> progress = {};  ///< called with the name of each mechanism before its measurement
};

/// Measurements of one mechanism.
struct AttentionBenchmark {
  /// Results of a mechanism that fits the features.
  struct Measured {
    BlockProfile profile;
    std::optional<double> gain;  ///< of gates; see benchmark_attention()
    Quantiles forward_ms;        ///< in evaluation mode without gradients
    Quantiles training_ms;       ///< of forward and backward
  };

  std::string name;
  std::string kind;  ///< gate, mixer, pool or warp
  std::optional<Measured> measured;
  std::string mismatch = {};  ///< why it does not fit the features; empty when it does
};

/// Measures freshly initialised mechanisms on normal noise x, on one thread: several would wait for each other longer than
/// they compute. The gain of a gate with output y is sum(y x) / sum(x x) in evaluation mode, the mean of 8 initialisations.
/// Leaves the number of threads of the calling thread. @throws InputError for an unknown name, a batch below 1, and for a
/// named mechanism that does not fit the features.
std::vector<AttentionBenchmark> benchmark_attention(const AttentionBenchmarkOptions& options = {});

/// A row of the document of `fovea bench attention --json`.
Json to_json(const AttentionBenchmark& row);

}  // namespace fovea
