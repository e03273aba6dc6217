#pragma once

#include <memory>
#include <optional>
#include <vector>

#include <fovea/base/random.h>
#include <fovea/data/augmentations/augmentation.h>
#include <fovea/data/augmentations/registry.h>
#include <fovea/image/image.h>
#include <fovea/image/resample.h>
#include <fovea/nn/batch.h>
#include <fovea/options/fields.h>

namespace fovea {

/// Configuration section `data.augment`: random augmentation of training images, one field per row of the registry. A field
/// is a map of the row's options, or a number for its first option: `{pad_crop: 4, erasing: {probability: 0.5, fill:
/// noise}}`. Everything is off by default. Copies are independent.
///
/// The random stream of a sample is keyed by the sample, e.g. RandomStream(seed, Purpose::augment, {epoch, index}). Each row
/// draws from the child with the row's name, so that enabling one row does not change the draws of others.
class AugmentOptions : public Options {
 public:
  /// An augmentation and its row of the registry.
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

  /// @throws InputError while reading, as expect_valid() does.
  void visit_fields(FieldVisitor& fields) override;

  /// Checks options that were set in C++. @param where names them in the message.
  /// @throws InputError for an option out of its range, when options of a row exclude each other, or when the probabilities
  /// of mixup and cutmix sum to more than 1.
  void expect_valid(const std::string& where);

  /// One part per row of the registry, in the same order.
  const std::vector<Part>& parts() const { return parts_; }

  /// Window of a photo of height x width pixels that becomes the input, from the first augmentation that gives one; None for
  /// the whole photo.
  std::optional<Window> window(int height, int width, const RandomStream& stream) const;

  /// Augments the preprocessed image [H, W, C] in place, without changing its size. @param mean mean_pixel() of the
  /// normalisation.
  void apply(Image& image, const RandomStream& stream, const PixelValue& mean) const;

 private:
  void expect_at_most_one_mixing(const std::string& where) const;

  std::vector<Part> parts_;
};

/// Pixel nearest to the mean of a normalisation, grey or RGB.
PixelValue mean_pixel(const Normalization& normalization);

}  // namespace fovea
