#pragma once

#include <fovea/data/augmentations/augmentation.h>
#include <fovea/data/augmentations/window_range.h>

namespace fovea {

/// Random resized crop: a window of random area and aspect. "Going Deeper with Convolutions", arXiv:1409.4842, section 6,
/// with the distribution of torchvision's RandomResizedCrop. When ten draws do not fit into the photo, the window is the
/// largest centred one within the limits of the aspect.
class RandomResizedCrop final : public Augmentation {
 public:
  double probability = 0;
  WindowRange range{.area = {0.08, 1}, .aspect = {0.75, 1.3333}};

  void visit_fields(FieldVisitor& fields) override;
  void expect_consistent(const std::string& where) const override { range.expect_valid(where); }
  bool active() const override { return probability > 0; }
  std::optional<Window> window(int height, int width, RandomStream& stream) const override;
};

}  // namespace fovea
