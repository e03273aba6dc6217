#pragma once

#include <vector>

#include <fovea/data/preprocess.h>
#include <fovea/explain/glimpse_path.h>
#include <fovea/image/box.h>
#include <fovea/image/image.h>
#include <fovea/image/point.h>

namespace fovea {

/// One glimpse at a photo, in pixels from its top left corner: the geometry of preprocessing undone.
struct PhotoGlimpse {
  Point fixation;                     ///< where the network looked
  std::vector<Box> windows;           ///< what each scale covered, finest first; may reach beyond the photo
  std::vector<Image> patches;         ///< what the network saw of each window: [G, G, 1 or 3]
  std::vector<double> probabilities;  ///< of each class after it
};

/// The glimpses at a photo that `geometry` prepared to input_height x input_width pixels, in their order.
/// @throws InputError when the network's input has other than 1 or 3 channels.
std::vector<PhotoGlimpse> on_photo(const GlimpsePath& path, const Geometry& geometry, int input_height, int input_width);

/// The same glimpses at the photo enlarged by these factors.
std::vector<PhotoGlimpse> scaled(std::vector<PhotoGlimpse> glimpses, double factor_x, double factor_y);

}  // namespace fovea
