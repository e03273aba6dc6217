#include <algorithm>
#include <cmath>
#include <numeric>

#include <fovea/base/random.h>
#include <fovea/data/internal/shuffle.h>
#include <fovea/data/split.h>

namespace fovea {

Indices first_indices(std::int64_t count, std::int64_t limit) {
  Indices indices(static_cast<std::size_t>(limit > 0 ? std::min(limit, count) : count));
  std::iota(indices.begin(), indices.end(), 0);
  return indices;
}

TrainingSplit split_validation(const Indices& indices, double fraction, std::uint64_t seed) {
  Indices order = indices;
  RandomStream draws(seed, Purpose::split);
  shuffle(order, draws);
  const auto wanted = static_cast<std::int64_t>(std::llround(fraction * static_cast<double>(order.size())));
  const auto boundary =
      order.begin() + std::clamp<std::int64_t>(wanted, 0, std::max<std::int64_t>(0, std::ssize(order) - 1));
  TrainingSplit split{Indices(boundary, order.end()), Indices(order.begin(), boundary)};
  std::sort(split.train.begin(), split.train.end());
  std::sort(split.validation.begin(), split.validation.end());
  return split;
}

Indices shuffled_indices(Indices indices, std::uint64_t seed, std::int64_t epoch) {
  RandomStream draws(seed, Purpose::shuffle, {static_cast<std::uint64_t>(epoch)});
  shuffle(indices, draws);
  return indices;
}

}  // namespace fovea
