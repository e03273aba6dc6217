#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <fovea/image/image.h>

namespace fovea {

/// Metrics of one epoch, as far as they are known.
struct CurvePoint {
  std::int64_t epoch = 0;
  std::optional<double> train_loss = std::nullopt;
  std::optional<double> train_top1 = std::nullopt;  ///< in [0, 1]
  std::optional<double> val_loss = std::nullopt;
  std::optional<double> val_top1 = std::nullopt;  ///< in [0, 1]
  std::optional<double> learning_rate = std::nullopt;
};

struct CurveOptions {
  std::string title;  ///< none when empty
  /// Epoch whose weights were selected; it is marked, with its values.
  std::optional<std::int64_t> selected_epoch = std::nullopt;
};

/// Loss, top-1 and learning rate over the epochs, side by side; training and validation as two lines.
/// @param points ascending epochs. Values that are not finite are skipped; without epochs the panels are empty.
/// @return RGB [H, W, 3], always of the same width; a title or a selected epoch adds to the height.
Image learning_curves(const std::vector<CurvePoint>& points, const CurveOptions& options);

}  // namespace fovea
