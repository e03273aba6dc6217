#include <map>
#include <utility>

#include <fovea/base/random.h>
#include <fovea/data/sampler.h>
#include <fovea/data/shuffle.h>

namespace fovea {
namespace {

/// How many of an epoch's images are of class `number` of `classes`. What division leaves over is dealt out one by one, from
/// where the epoch before ended.
std::int64_t share_of(std::int64_t number, std::int64_t classes, std::int64_t images, std::int64_t epoch) {
  const std::int64_t left_over = images % classes;
  const std::int64_t first = epoch % classes * left_over % classes;
  const std::int64_t turn = (number - first + classes) % classes;
  return images / classes + (turn < left_over ? 1 : 0);
}

/// Appends `share` uses of a class's images: one random order of them after another, the last not to its end.
void append_uses(EpochOrder& order, Indices images, std::int64_t share, RandomStream draws) {
  for (std::int64_t repetition = 0; share > 0; ++repetition) {
    shuffle(images, draws);
    for (auto image = images.begin(); image != images.end() && share > 0; ++image, --share) {
      order.push_back({*image, repetition});
    }
  }
}

}  // namespace

EpochOrder once_each(const Indices& indices) {
  EpochOrder order;
  order.reserve(indices.size());
  for (const std::int64_t index : indices) order.push_back({index, 0});
  return order;
}

std::vector<Indices> group_by_class(const Dataset& dataset, const Indices& indices) {
  std::map<std::int64_t, Indices> by_label;
  for (const std::int64_t index : indices) by_label[dataset.label(index)].push_back(index);
  std::vector<Indices> classes;
  classes.reserve(by_label.size());
  for (auto& [label, members] : by_label) classes.push_back(std::move(members));
  return classes;
}

EpochOrder balanced_order(const std::vector<Indices>& classes, std::uint64_t seed, std::int64_t epoch) {
  std::int64_t images = 0;
  for (const Indices& members : classes) images += std::ssize(members);
  RandomStream draws(seed, Purpose::shuffle, {static_cast<std::uint64_t>(epoch)});
  EpochOrder order;
  order.reserve(static_cast<std::size_t>(images));
  for (std::size_t number = 0; number < classes.size(); ++number) {
    const std::int64_t share = share_of(static_cast<std::int64_t>(number), std::ssize(classes), images, epoch);
    append_uses(order, classes[number], share, draws.child(number));
  }
  shuffle(order, draws);
  return order;
}

}  // namespace fovea
