#pragma once

#include <fovea/data/augmentations/augmentation.h>
#include <fovea/data/augmentations/window_range.h>

namespace fovea {

/// What an erased rectangle shows.
enum class ErasingFill {
  mean,  ///< the pixel that normalisation turns into zeros
  noise  ///< every value uniform in [0, 255], the paper's best
};

/// A random rectangle blotted out: "Random Erasing Data Augmentation", arXiv:1708.04896. Nothing is erased when ten tries
/// give no rectangle that fits. Differs from the paper: the logarithm of the aspect is uniform, as in torchvision, so that
/// lying and standing rectangles are equally likely.
class Erasing final : public Augmentation {
 public:
  double probability = 0;
  WindowRange range{.area = {0.02, 0.33}, .aspect = {0.3, 3.3}};
  ErasingFill fill = ErasingFill::mean;

  void visit_fields(FieldVisitor& fields) override;
  void validate(const std::string& where) const override { range.validate(where); }
  bool active() const override { return probability > 0; }
  /// @throws InputError when `mean` has another number of channels than the image and is asked for.
  void apply(Image& image, RandomStream& stream, const Fill& mean) const override;
};

}  // namespace fovea
