#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <fovea/config/config_node.h>
#include <fovea/run/environment.h>
#include <fovea/run/timing.h>

namespace fovea {

struct GlimpseBenchmarkOptions {
  std::vector<std::string> settings = {};  ///< `model.KEY=VALUE` for the network
  std::int64_t size = 60;                  ///< height and width of the images
  std::int64_t batch = 256;                ///< batch size
  std::int64_t shards = 2;                 ///< of a training batch
  double seconds = 5;                      ///< minimum duration of each group of alternating measurements
  std::uint64_t seed = 1;
  int threads = available_threads();
};

/// Measurements of the glimpse network `ram` on 8-bit noise of one channel.
struct GlimpseBenchmark {
  /// Images per second of the rollout as one autograd function, and composed of LibTorch's operators; timed alternately.
  struct Rates {
    Quantiles fused, composed;
  };
  /// Time of a glimpse at random locations in images of one size. All sizes read from the same number of bytes.
  struct Sensor {
    std::int64_t size = 0;  ///< height and width
    Quantiles glimpse_ms;
  };

  Json network;  ///< its configuration
  std::int64_t parameters = 0;
  std::int64_t macs = 0;  ///< multiply-adds for one image
  std::int64_t size = 0;
  std::int64_t batch = 0;
  std::int64_t shards = 0;
  std::int64_t threads = 0;  ///< that training uses; a small batch has fewer shards
  Rates training;            ///< of whole updates, with data in memory: forward, loss, backward, clipping, AdamW
  Rates inference;           ///< on one thread
  std::vector<Sensor> sensors;
  double growth = 0;  ///< largest median of the sensors over the smallest
};

/// Leaves the number of threads of the calling thread. @throws InputError for a number below 1, and for a setting that does
/// not belong to the network `ram`.
GlimpseBenchmark benchmark_glimpse(const GlimpseBenchmarkOptions& options = {});

/// The document of `fovea bench glimpse --json`.
Json to_json(const GlimpseBenchmark& benchmark);

}  // namespace fovea
