#pragma once

#include <cstdint>
#include <vector>

namespace fovea {

/// Indices of samples in a data set, ascending.
using Indices = std::vector<std::int64_t>;

/// {0, ..., count - 1}, or its first `limit` when limit > 0.
Indices first_indices(std::int64_t count, std::int64_t limit);

struct TrainingSplit {
  Indices train;
  Indices validation;
};

/// Random split of `indices` by `seed`: round(fraction * size) of them for validation, at least one for training.
/// @param fraction in [0, 1).
TrainingSplit split_validation(const Indices& indices, double fraction, std::uint64_t seed);

/// A random order of `indices` that depends on (seed, epoch) only.
Indices shuffled_indices(Indices indices, std::uint64_t seed, std::int64_t epoch);

}  // namespace fovea
