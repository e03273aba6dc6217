#pragma once

#include <fovea/data/augmentations/augmentation.h>
#include <fovea/data/augmentations/window_range.h>

namespace fovea {

/// PixelValue of an erased rectangle.
enum class ErasingFill {
  mean,  ///< the pixel that normalisation maps to zero
  noise  ///< every value uniform in [0, 255], the paper's best
};

/// Random erasing of a rectangle: "Random Erasing Data Augmentation", arXiv:1708.04896. No rectangle is erased when ten
/// draws do not fit into the image. Differs from the paper: the logarithm of the aspect is uniform, as in torchvision, so
/// that wide and high rectangles are equally likely.
class Erasing final : public Augmentation {
 public:
  double probability = 0;
  WindowRange range{.area = {0.02, 0.33}, .aspect = {0.3, 3.3}};
  ErasingFill fill = ErasingFill::mean;

  void visit_fields(FieldVisitor& fields) override;
  void expect_consistent(const std::string& where) const override { range.expect_valid(where); }
  bool active() const override { return probability > 0; }
  /// @throws InputError when the fill is the mean and `mean` has another number of channels than the image.
  void apply(Image& image, RandomStream& stream, const PixelValue& mean) const override;
};

}  // namespace fovea
