#include <limits>

#include <torch/torch.h>

#include <fovea/nn/default_generator.h>

namespace fovea {

std::uint64_t seed_from_default_generator() {
  const auto seed = torch::randint(std::numeric_limits<std::int64_t>::max(), {}, torch::kInt64);
  return static_cast<std::uint64_t>(seed.item<std::int64_t>());
}

}  // namespace fovea
