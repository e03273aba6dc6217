#include <map>
#include <utility>

#include <fovea/base/random.h>
#include <fovea/data/internal/shuffle.h>
#include <fovea/data/sampler.h>

namespace fovea {
namespace {

/// Number of an epoch's images of class `number` of `classes`. The remainder of the division goes to one class each,
/// starting with the class after the last one of the epoch before.
std::int64_t uses_of(std::int64_t number, std::int64_t classes, std::int64_t images, std::int64_t epoch) {
  const std::int64_t left_over = images % classes;
  const std::int64_t first = epoch % classes * left_over % classes;
  const std::int64_t turn = (number - first + classes) % classes;
  return images / classes + (turn < left_over ? 1 : 0);
}

/// Appends `uses` uses of a class's images: random orders one after another, the last one truncated.
void append_uses(EpochOrder& order, Indices images, std::int64_t uses, RandomStream draws) {
  for (std::int64_t repetition = 0; uses > 0; ++repetition) {
    shuffle(images, draws);
    for (auto image = images.begin(); image != images.end() && uses > 0; ++image, --uses) {
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
    const std::int64_t uses = uses_of(static_cast<std::int64_t>(number), std::ssize(classes), images, epoch);
    append_uses(order, classes[number], uses, draws.child(number));
  }
  shuffle(order, draws);
  return order;
}

}  // namespace fovea
