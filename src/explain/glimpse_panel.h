#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <fovea/draw/animation.h>
#include <fovea/explain/photo_glimpses.h>
#include <fovea/image/color_map.h>
#include <fovea/image/image.h>

namespace fovea {

/// Texts in the pictures of glimpses.
struct GlimpseTexts {
  std::string title;                   ///< e.g. the photo's name
  std::string result;                  ///< a second line, e.g. the prediction
  std::vector<std::string> classes;    ///< names of all classes
  std::vector<std::int64_t> followed;  ///< classes whose probabilities are shown, from top to bottom
};

/// Classes of interest: the three most probable ones after the last glimpse, those that were the most probable after another
/// one, and the explained ones; sorted by their probability after the last glimpse, at most seven, or as many as are
/// explained.
std::vector<std::int64_t> followed_classes(const std::vector<PhotoGlimpse>& glimpses,
                                           const std::vector<std::int64_t>& explained);

/// Picture of all glimpses: the photo with their path, enlarged or shrunk to a readable size, and a column for each glimpse
/// with its patches of every scale and the class probabilities after it. Columns are in rows of eight, or of more when the
/// picture would be too high.
/// @param photo RGB, any size. @return RGB. @throws InputError without glimpses, or when there are so many that the picture
/// would be longer than kMaximumCanvasSide.
Image glimpse_panel(const Image& photo, const std::vector<PhotoGlimpse>& glimpses, const GlimpseTexts& texts,
                    ColorMap color_map);

/// Animation of the same, glimpse by glimpse. A photo is shrunk to a longer side of at most 1024 pixels, or enlarged by an
/// integer factor to one of at most 480: between 241 and 1024 pixels it keeps its size. A glimpse is shown for 0.8 seconds,
/// the last one for 2.4; a single one, or several that look the same, make a still picture (see Animation).
/// @throws as glimpse_panel does.
Animation glimpse_animation(const Image& photo, const std::vector<PhotoGlimpse>& glimpses, const GlimpseTexts& texts,
                            ColorMap color_map);

}  // namespace fovea
