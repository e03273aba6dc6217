#pragma once

#include <vector>

#include <fovea/data/preprocess.h>
#include <fovea/explain/glimpse_path.h>
#include <fovea/image/box.h>
#include <fovea/image/image.h>
#include <fovea/image/point.h>

namespace fovea {

/// A glimpse in pixels of the photo, from its top left corner; the geometry of preprocessing is inverted.
struct PhotoGlimpse {
  Point fixation;                     ///< centre of the windows
  std::vector<Box> windows;           ///< one per scale, finest first; may exceed the photo
  std::vector<Image> patches;         ///< input of the glimpse encoder, one per window: [G, G, 1 or 3]
  std::vector<double> probabilities;  ///< of each class after this glimpse
};

/// Glimpses in pixels of a photo that was preprocessed by `geometry` to input_height x input_width pixels.
/// @throws InputError when the network's input has other than 1 or 3 channels.
std::vector<PhotoGlimpse> glimpses_on_photo(const GlimpsePath& path, const Geometry& geometry, int input_height,
                                            int input_width);

/// Glimpses for the photo resized by these factors.
std::vector<PhotoGlimpse> scaled_glimpses(std::vector<PhotoGlimpse> glimpses, double factor_x, double factor_y);

}  // namespace fovea
