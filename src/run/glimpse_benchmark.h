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
  std::int64_t batch = 256;
  std::int64_t shards = 2;
  double seconds = 5;  ///< at least so long for each group of measurements that take turns
  std::uint64_t seed = 1;
  int threads = available_threads();
};

/// The glimpse network `ram`, as measured on 8-bit noise of one channel.
struct GlimpseBenchmark {
  /// Images per second of two implementations that gave the same, one run of each in turn.
  struct Rates {
    Timing fused, composed;
  };
  /// How long a glimpse takes in images of one size, at random places of as many bytes of images for each size.
  struct Sensor {
    std::int64_t size = 0;
    Timing glimpse_ms;
  };

  Json network;  ///< its configuration
  std::int64_t parameters = 0;
  std::int64_t macs = 0;  ///< multiply-adds for one image
  std::int64_t size = 0;
  std::int64_t batch = 0;
  std::int64_t shards = 0;
  std::int64_t threads = 0;  ///< that training uses: a small batch has fewer parts than are allowed
  Rates training;            ///< of whole updates, with data in memory: forward, loss, backward, clipping, AdamW
  Rates inference;           ///< on one thread
  std::vector<Sensor> sensors;
  double growth = 0;  ///< of the sensors: the largest median over the smallest
};

/// @throws InputError for a setting that is not of the network `ram`.
GlimpseBenchmark benchmark_glimpse(const GlimpseBenchmarkOptions& options = {});

/// The document of `fovea bench glimpse --json`.
Json to_json(const GlimpseBenchmark& benchmark);

}  // namespace fovea
