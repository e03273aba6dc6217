#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <fovea/base/random.h>
#include <fovea/data/dataset.h>
#include <fovea/datasets/array_dataset.h>

namespace fovea {

/// Size of a canvas and its clutter.
struct CanvasLayout {
  int height = 60;
  int width = 60;
  int pieces = 0;  ///< pieces of clutter
  int piece_height = 8;
  int piece_width = 8;
};

/// Images of another data set at random positions of a larger canvas, among clutter from pieces of other images: the
/// translated and the cluttered digits of "Recurrent Models of Visual Attention" (Mnih, Heess, Graves and Kavukcuoglu,
/// 2014), arXiv 1406.6247, made as by the authors' generator (github.com/google-deepmind/mnist-cluttered).
///
///   clutter[y, x] = min(255, sum over pieces p of others_p[y - y_p, x - x_p])
///   canvas[y, x]  = min(255, clutter[y, x] + digit[y - y_0, x - x_0])
///
/// where others_p is a uniform window (which may be blank) of a uniform image of the same split, and every position (y, x)
/// is uniform among those with the whole piece inside the canvas. No value is negative, so clamping once would give the
/// same.
///
/// The box of a sample is exact: the smallest rectangle with every pixel of the digit that is not black, independent of
/// the clutter; the whole image when it has no black border, or is black.
///
/// Differs from the generator: values have 8 bits, there is one digit, and it may touch the border of the canvas.
class DigitCanvas final : public Dataset {
 public:
  /// @param fixed stream of the draws of sample(). @throws InputError, which names the key of the configuration, when the
  /// source's images are larger than the canvas, or smaller than a piece.
  DigitCanvas(std::shared_ptr<const ArrayDataset> source, const CanvasLayout& layout, const RandomStream& fixed);

  std::int64_t size() const override { return source_->size(); }
  /// The same canvas at every call.
  Sample sample(std::int64_t index) const override { return composed(index, fixed_.child(index)); }
  /// A new canvas for every stream. The position of the digit does not depend on the number and size of pieces.
  Sample training_sample(std::int64_t index, const RandomStream& stream) const override { return composed(index, stream); }
  std::int64_t label(std::int64_t index) const override { return source_->label(index); }
  std::uint64_t fingerprint(std::int64_t index) const override { return source_->fingerprint(index); }
  const std::vector<std::string>& class_names() const override { return source_->class_names(); }
  int channels() const override { return source_->channels(); }
  int height() const override { return layout_.height; }
  int width() const override { return layout_.width; }

 private:
  Sample composed(std::int64_t index, RandomStream draws) const;

  std::shared_ptr<const ArrayDataset> source_;
  CanvasLayout layout_;
  RandomStream fixed_;
};

}  // namespace fovea
