#pragma once

#include <algorithm>
#include <cstdint>
#include <utility>

namespace fovea {

/// Normalisation of a channel: normalised = scale x pixel - shift.
struct PixelScale {
  double scale = 1, shift = 0;
};

/// Range [begin, end) of the columns or rows of a window that are inside the image.
struct InsideRange {
  std::int64_t begin, end;

  InsideRange(std::int64_t start, std::int64_t count, std::int64_t length)
      : begin(std::clamp<std::int64_t>(-start, 0, count)), end(std::clamp<std::int64_t>(length - start, begin, count)) {}

  /// Number of pixels of cell `index` that are inside.
  std::int64_t in_cell(std::int64_t index, std::int64_t cell) const {
    return std::max<std::int64_t>(0, std::min(end, (index + 1) * cell) - std::max(begin, index * cell));
  }
};

/// Means of the cells of one window over one channel, computed row by row.
template <typename Sum, typename Real>
class WindowMeans {
 public:
  /// @param top, left first pixel of the window. @param columns scratch memory of patch x cell sums, all 0. @param means
  /// result, [G, G].
  WindowMeans(std::int64_t patch, std::int64_t cell, std::int64_t top, std::int64_t left, std::int64_t height,
              std::int64_t width, Sum* columns, Real* means)
      : patch_(patch),
        cell_(cell),
        top_(top),
        left_(left),
        rows_(top, patch * cell, height),
        inside_(left, patch * cell, width),
        columns_(columns),
        means_(means) {}

  /// Adds row `y` of the image. Call it for all rows in order, including rows outside the image, which are not read. @param
  /// plane first pixel of the channel.
  template <typename Pixel>
  void add_row(std::int64_t y, const Pixel* plane, std::int64_t width, const PixelScale& scale) {
    const std::int64_t number = y - top_;
    if (number < 0 || number >= patch_ * cell_) return;
    if (number >= rows_.begin && number < rows_.end && inside_.begin < inside_.end) {
      const Pixel* pixel = plane + y * width + (left_ + inside_.begin);
      for (std::int64_t x = inside_.begin; x < inside_.end; ++x) columns_[x] += *pixel++;
    }
    if ((number + 1) % cell_ == 0) finish_cells(number / cell_, scale);
  }

 private:
  void finish_cells(std::int64_t row_of_cells, const PixelScale& scale) {
    const double pixels = static_cast<double>(cell_ * cell_);
    const std::int64_t rows_inside = rows_.in_cell(row_of_cells, cell_);
    Sum* column = columns_;
    for (std::int64_t x = 0; x < patch_; ++x) {
      Sum sum = 0;
      for (std::int64_t i = 0; i < cell_; ++i, ++column) sum += std::exchange(*column, Sum{0});
      const auto covered = static_cast<double>(rows_inside * inside_.in_cell(x, cell_));
      *means_++ = static_cast<Real>((scale.scale * static_cast<double>(sum) - scale.shift * covered) / pixels);
    }
  }

  std::int64_t patch_, cell_, top_, left_;
  InsideRange rows_, inside_;
  Sum* columns_;
  Real* means_;
};

}  // namespace fovea
