#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <fovea/config/config_node.h>

namespace fovea {

struct GlimpseBench {
  std::vector<std::string> settings;  ///< `model.KEY=VALUE` for the network
  std::int64_t size = 60;             ///< height and width of the images
  std::int64_t batch = 256;
  std::int64_t shards = 2;
  double seconds = 5;  ///< at least so long for each group of measurements that take turns
  std::uint64_t seed = 1;
  int threads = 1;
};

/// Measures the glimpse network `ram` on 8-bit noise of one channel:
/// - `network` (its configuration), `parameters`, `macs` of one image;
/// - `size`, `batch`, `shards`, and the `threads` that training uses: a small batch has fewer parts than are allowed;
/// - `training` {fused, composed}: images per second of whole updates, with data in memory: forward, loss, backward,
///   gradient clipping, AdamW. Both in turn, as are those of
/// - `inference` {fused, composed}: on one thread;
/// - `sensor` {sizes [{size, glimpse_ms}], growth}: how long a glimpse takes in images of several sizes, at random places of
///   as many bytes of images for each size; `growth` is the largest median over the smallest.
/// @throws InputError for a setting that is not of the network `ram`.
Json bench_glimpse(const GlimpseBench& bench);

void print_glimpse_bench(const Json& measured, const GlimpseBench& bench);

}  // namespace fovea
