#include <algorithm>
#include <numeric>
#include <utility>

#include <fovea/base/error.h>
#include <fovea/train/class_weights.h>

namespace fovea {
namespace {

/// A list of numbers, read like any other field of this kind.
struct WeightList {
  std::string name;
  std::vector<double> weights;

  void visit_fields(FieldVisitor& fields) {
    fields.reals(name.c_str(), weights, kPositive, {1, 1'000'000}, "weight of each class");
  }
};

std::vector<double> read_list(const ConfigNode& value, const std::string& path) {
  const std::size_t dot = path.rfind('.');
  WeightList list;
  list.name = dot == std::string::npos ? path : path.substr(dot + 1);
  ConfigNode map;
  map.kind = ConfigNode::Kind::map;
  map.map = {{list.name, value}};
  read_fields(list, map, dot == std::string::npos ? "" : path.substr(0, dot));
  return std::move(list.weights);
}

std::vector<double> balanced_weights(std::span<const std::int64_t> images_per_class) {
  const auto images =
      static_cast<double>(std::accumulate(images_per_class.begin(), images_per_class.end(), std::int64_t{0}));
  const auto classes = static_cast<double>(
      std::count_if(images_per_class.begin(), images_per_class.end(), [](std::int64_t count) { return count > 0; }));
  std::vector<double> weights;
  weights.reserve(images_per_class.size());
  for (const std::int64_t count : images_per_class) {
    weights.push_back(count == 0 ? 0 : images / (classes * static_cast<double>(count)));
  }
  return weights;
}

}  // namespace

void ClassWeightsField::read(const ConfigNode& value, const std::string& path) {
  where_ = value.origin + ": " + path;
  if (value.kind == ConfigNode::Kind::list) {
    mode_ = Mode::list;
    list_ = read_list(value, path);
  } else if (value.kind == ConfigNode::Kind::null || value.scalar == "none") {
    mode_ = Mode::none;
  } else if (value.scalar == "balanced") {
    mode_ = Mode::balanced;
  } else {
    throw InputError(where_, "none, balanced or a list with a positive number per class", value.describe());
  }
}

Json ClassWeightsField::write() {
  if (mode_ == Mode::none) return "none";
  if (mode_ == Mode::balanced) return "balanced";
  return list_;
}

std::vector<double> ClassWeightsField::weights(std::span<const std::int64_t> images_per_class) const {
  if (mode_ == Mode::none) return {};
  if (mode_ == Mode::balanced) return balanced_weights(images_per_class);
  if (list_.size() != images_per_class.size()) {
    throw InputError(where_, std::to_string(images_per_class.size()) + " numbers, one per class",
                     std::to_string(list_.size()));
  }
  return list_;
}

}  // namespace fovea
