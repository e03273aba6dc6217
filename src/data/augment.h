#pragma once

#include <memory>
#include <optional>
#include <vector>

#include <fovea/base/random.h>
#include <fovea/data/augmentations/augmentation.h>
#include <fovea/data/augmentations/registry.h>
#include <fovea/image/image.h>
#include <fovea/image/resample.h>
#include <fovea/options/fields.h>

namespace fovea {

/// The configuration section `data.augment`: random changes to training images, one field per row of the registry. A field
/// is a map of the row's options, or a number for the first of them: `{pad_crop: 4, erasing: {probability: 0.5, fill:
/// noise}}`. Everything is off by default. Copies are independent.
///
/// A sample's stream is keyed by what the sample is, e.g. RandomStream(seed, Purpose::augment, {epoch, index}). Every row
/// draws from a child of it that the row's name makes, so that switching one on changes no other's draws.
class AugmentOptions : public Options {
 public:
  /// A row of the registry and its options.
  struct Part {
    const AugmentationRow* row;
    std::unique_ptr<Augmentation> augmentation;
  };

  AugmentOptions();
  AugmentOptions(const AugmentOptions& other);
  AugmentOptions& operator=(const AugmentOptions& other);
  AugmentOptions(AugmentOptions&&) noexcept = default;
  AugmentOptions& operator=(AugmentOptions&&) noexcept = default;
  ~AugmentOptions() override = default;

  /// @throws InputError while reading, when options of a row exclude each other or the probabilities of those that mix
  /// pictures sum to more than 1.
  void visit_fields(FieldVisitor& fields) override;

  /// One per row of the registry, in its order.
  const std::vector<Part>& parts() const { return parts_; }

  /// Which part of a photo of height x width pixels becomes the input, as the first row says that matches one; nothing for
  /// the whole.
  std::optional<Window> window(int height, int width, const RandomStream& stream) const;

  /// Changes the prepared image [H, W, C]; its size stays. @param mean what mean_fill() returns for the normalisation.
  void apply(Image& image, const RandomStream& stream, const Fill& mean) const;

 private:
  std::vector<Part> parts_;
};

/// The pixel nearest to the mean of a normalisation. @param mean per channel, of pixels scaled to [0, 1].
Fill mean_fill(const std::vector<double>& mean);

}  // namespace fovea
