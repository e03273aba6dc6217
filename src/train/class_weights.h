#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include <fovea/config/fields.h>

namespace fovea {

/// The configuration key `train.class_weights`: how much the images of each class count in the loss. `none`, `balanced`, or
/// a list of positive numbers, one per class in the order of the data set's classes:
///
///     class_weights: balanced
///     class_weights: [1, 2.5, 1]
class ClassWeightsField final : public CustomField {
 public:
  void read(const ConfigNode& value, const std::string& path) override;
  Json write() override;

  bool balanced() const { return mode_ == Mode::balanced; }

  /// A weight per class: the list as it was read; or, balanced, N / (K n) for a class with n of the N images, where K
  /// classes have any (0 for the others), so that all classes together count as much as they do without weights and each as
  /// much as any other; nothing for `none`. @throws InputError when the list has another length.
  std::vector<double> weights(std::span<const std::int64_t> images_per_class) const;

 private:
  enum class Mode { none, balanced, list };

  Mode mode_ = Mode::none;
  std::vector<double> list_;
  std::string where_;  ///< the key, with the place that set it
};

}  // namespace fovea
