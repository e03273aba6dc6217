#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include <torch/torch.h>

#include <fovea/image/box.h>
#include <fovea/image/image.h>
#include <fovea/image/resample.h>
#include <fovea/nn/batch.h>
#include <fovea/options/fields.h>

namespace fovea {

/// Preprocessing of an image of any size to network input. Saved with every model, so that training, evaluation and
/// prediction agree.
struct PreprocessOptions {
  std::vector<std::int64_t> resize{0};  ///< {s}: shorter side becomes s, aspect kept; {h, w}: exact size; {0}: no resize
  std::vector<std::int64_t> crop{0};    ///< {s} or {h, w}: centre crop; {0}: no crop
  Interpolation interpolation = Interpolation::bilinear;
  bool antialias = true;
  ChannelOrder channel_order = ChannelOrder::rgb;  ///< of the network's input
  std::vector<double> mean{0.0};                   ///< of red, green and blue in either order, or of grey
  std::vector<double> standard_deviation{1.0};     ///< likewise

  void visit_fields(FieldVisitor& fields);
};

/// Geometry of preprocessing: coordinates of the preprocessed image and of its source, in pixels from the top left corner,
/// so that pixel i covers [i, i + 1): source = (prepared + offset) * scale.
struct Geometry {
  double offset_x = 0, offset_y = 0;
  double scale_x = 1, scale_y = 1;

  double source_x(double x) const { return (x + offset_x) * scale_x; }
  double source_y(double y) const { return (y + offset_y) * scale_y; }
  double prepared_x(double x) const { return x / scale_x - offset_x; }
  double prepared_y(double y) const { return y / scale_y - offset_y; }
};

/// Resize and crop, and the normalisation that the network applies last. Immutable; may be used from several threads.
class Preprocess {
 public:
  /// @throws InputError for an option out of its range, or when mean and standard deviation differ in length.
  explicit Preprocess(PreprocessOptions options);

  /// Resized and cropped, still 8-bit; equal to torchvision's Resize and CenterCrop of a PIL image.
  /// @throws InputError for an image without pixels or with too few of them, when it is smaller than the crop, or the result
  /// has more than 2^27 pixels.
  Image operator()(const Image& image) const;
  /// Likewise; an image that needs neither resize nor crop is moved instead of copied.
  Image operator()(Image&& image) const;

  /// A window of the image, resized to the size that operator() gives the whole image: equal to torchvision's resized_crop.
  Image operator()(const Image& image, const Window& window) const;

  /// {height, width} of the preprocessed image, for an image of this size.
  std::pair<int, int> output_size(int height, int width) const;

  /// {height, width} of every preprocessed image; None when it depends on the size of the image.
  std::optional<std::pair<int, int>> fixed_output_size() const;

  /// Geometry of operator() for an image of this size.
  Geometry geometry(int height, int width) const;

  /// Box in the preprocessed image, for a box in an image of this size. It is clipped at the crop; a box outside the crop
  /// becomes an edge without area.
  Box prepared_box(const Box& box, int height, int width) const;

  const std::shared_ptr<const Normalization>& normalization() const { return normalization_; }

 private:
  struct Plan;
  Plan plan(int height, int width) const;

  PreprocessOptions options_;
  std::shared_ptr<const Normalization> normalization_;
};

/// Copy of the image's pixels, 8-bit [C, H, W]. @throws InputError for an image that expect_valid() refuses.
torch::Tensor to_tensor(const Image& image);

/// Image of an 8-bit tensor [C, H, W]; inverse of to_tensor(). @throws ShapeError for any other tensor.
Image to_image(const torch::Tensor& tensor);

/// Batch of images, in `singles` when their sizes differ, and, unless empty, of labels. Without images the batch is empty.
/// @param images RGB or grey. @param normalization its order becomes that of the batch's channels.
Batch collate_images(const std::vector<Image>& images, const std::vector<std::int64_t>& labels,
                     std::shared_ptr<const Normalization> normalization);

}  // namespace fovea
