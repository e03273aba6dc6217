#pragma once

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include <torch/torch.h>

#include <fovea/config/fields.h>
#include <fovea/data/batch.h>
#include <fovea/image/image.h>

namespace fovea {

enum class Interpolation { bilinear, bicubic };

/// How an image of any size becomes network input. Saved with every model, so training, evaluation and prediction agree.
struct PreprocessOptions : Options {
  std::vector<std::int64_t> resize{0};  ///< {s}: shorter side becomes s, shape kept; {h, w}: exactly that; {0}: no resize
  std::vector<std::int64_t> crop{0};    ///< {s} or {h, w} out of the centre; {0}: no crop
  Interpolation interpolation = Interpolation::bilinear;
  bool antialias = true;
  std::vector<double> mean{0.0};
  std::vector<double> standard_deviation{1.0};

  void visit_fields(FieldVisitor& fields) override;
};

/// Where a prepared image's pixels came from. Coordinates count pixels from the top left corner, so that pixel i covers
/// [i, i + 1): source = (prepared + offset) * scale.
struct Geometry {
  double offset_x = 0, offset_y = 0;
  double scale_x = 1, scale_y = 1;

  double source_x(double x) const { return (x + offset_x) * scale_x; }
  double source_y(double y) const { return (y + offset_y) * scale_y; }
};

/// Resize, crop, then (in the network's hands, last) normalisation. Immutable; may be used from several threads.
class Preprocess {
 public:
  explicit Preprocess(PreprocessOptions options);

  /// Resized and cropped, still 8-bit. Resizing equals PIL's within one level (torchvision's Resize and CenterCrop).
  /// @throws InputError when the image is smaller than the crop.
  Image operator()(const Image& image) const;

  /// {height, width} of what operator() makes of an image of this size.
  std::pair<int, int> output_size(int height, int width) const;

  /// The geometry of what operator() does to an image of this size.
  Geometry geometry(int height, int width) const;

  const std::shared_ptr<const Normalization>& normalization() const { return normalization_; }

 private:
  struct Plan;
  Plan plan(int height, int width) const;

  PreprocessOptions options_;
  std::shared_ptr<const Normalization> normalization_;
};

/// 8-bit [C, H, W], a copy of the image's pixels.
torch::Tensor to_tensor(const Image& image);

/// Collects images (and labels, unless empty) into a batch.
Batch collate(const std::vector<Image>& images, const std::vector<std::int64_t>& labels,
              std::shared_ptr<const Normalization> normalization);

}  // namespace fovea
