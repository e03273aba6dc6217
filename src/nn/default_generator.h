#pragma once

#include <cstdint>

namespace fovea {

/// Seed drawn from LibTorch's default generator, so that torch::manual_seed() repeats what it keys.
std::uint64_t seed_from_default_generator();

}  // namespace fovea
