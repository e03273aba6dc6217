#include <algorithm>
#include <cmath>
#include <numeric>

#include <fovea/base/random.h>
#include <fovea/data/split.h>

namespace fovea {
namespace {

/// Fisher and Yates' shuffle; std::shuffle's result differs between standard libraries.
void shuffle(Indices& indices, RandomStream stream) {
  for (std::size_t i = indices.size(); i > 1; --i) std::swap(indices[i - 1], indices[stream.below(i)]);
}

}  // namespace

Indices first_indices(std::int64_t count, std::int64_t limit) {
  Indices indices(static_cast<std::size_t>(limit > 0 ? std::min(limit, count) : count));
  std::iota(indices.begin(), indices.end(), 0);
  return indices;
}

TrainingSplit split_validation(const Indices& indices, double fraction, std::uint64_t seed) {
  Indices order = indices;
  shuffle(order, RandomStream(seed, Purpose::split));
  const auto wanted = static_cast<std::int64_t>(std::llround(fraction * static_cast<double>(order.size())));
  const auto boundary =
      order.begin() + std::clamp<std::int64_t>(wanted, 0, std::max<std::int64_t>(0, std::ssize(order) - 1));
  TrainingSplit split{Indices(boundary, order.end()), Indices(order.begin(), boundary)};
  std::sort(split.train.begin(), split.train.end());
  std::sort(split.validation.begin(), split.validation.end());
  return split;
}

Indices shuffled(Indices indices, std::uint64_t seed, std::int64_t epoch) {
  shuffle(indices, RandomStream(seed, Purpose::shuffle, {static_cast<std::uint64_t>(epoch)}));
  return indices;
}

}  // namespace fovea
