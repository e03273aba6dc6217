#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include <fovea/config/fields.h>

namespace fovea {

/// Configuration key `train.class_weights`: weight of each class in the loss. `none`, `balanced`, or a list of positive
/// numbers, one per class in the order of the data set's classes:
///
///     class_weights: balanced
///     class_weights: [1, 2.5, 1]
class ClassWeightsField final : public CustomField {
 public:
  void read(const ConfigNode& value, const std::string& path) override;
  Json write() override;
  bool accepts_none() const override { return true; }
  std::string allowed() const override { return "none, balanced, or a list of numbers > 0, one per class"; }

  bool balanced() const { return mode_ == Mode::balanced; }

  /// One weight per class. A list is returned as it was read. `balanced` gives N / (K n) to a class with n of the N images,
  /// where K classes have images, and 0 to a class without images: every class has the same weight in total, and the sum
  /// over all images is that without weights. `none` gives an empty vector. @throws InputError when the list has another
  /// length.
  std::vector<double> weights(std::span<const std::int64_t> images_per_class) const;

 private:
  enum class Mode { none, balanced, list };

  Mode mode_ = Mode::none;
  std::vector<double> list_;
  std::string where_;  ///< origin and key, for messages
};

}  // namespace fovea
