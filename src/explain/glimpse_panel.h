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

/// What the pictures of glimpses say in words.
struct GlimpseTexts {
  std::string title;                   ///< e.g. the photo's name
  std::string result;                  ///< a second line, e.g. the prediction
  std::vector<std::string> classes;    ///< names of all classes
  std::vector<std::int64_t> followed;  ///< classes whose probabilities are shown, from top to bottom
};

/// The classes worth following: the three most probable ones after the last glimpse, those that led after another one, and
/// the explained one; by their probability after the last, seven at most.
std::vector<std::int64_t> followed_classes(const std::vector<PhotoGlimpse>& glimpses, std::int64_t explained);

/// One picture of all glimpses: the photo with their path, about as large as a hand, and beside it a column for each: what
/// the network saw at every scale, and what it thought after it. Columns come in rows
/// of eight, or of more where these would make the picture too high.
/// @param photo RGB, any size. @return RGB. @throws InputError without glimpses, or when there are so many that the picture
/// would be longer than kMaximumCanvasSide.
Image glimpse_panel(const Image& photo, const std::vector<PhotoGlimpse>& glimpses, const GlimpseTexts& texts,
                    ColorMap color_map);

/// The same glimpse by glimpse. The photo is shrunk until its longer side has 1024 pixels, or enlarged a whole number of
/// times as long as that has at most 480: between 241 and 1024 pixels it keeps its size. A glimpse is shown for 0.8 seconds,
/// the last one for 2.4; a single one, or several that look the same, make a still picture (see Animation).
/// @throws as glimpse_panel does.
Animation glimpse_animation(const Image& photo, const std::vector<PhotoGlimpse>& glimpses, const GlimpseTexts& texts,
                            ColorMap color_map);

}  // namespace fovea
