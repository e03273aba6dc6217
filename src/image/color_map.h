#pragma once

#include <array>
#include <initializer_list>
#include <utility>

#include <fovea/image/rgb8.h>

namespace fovea {

/// Colour map. inferno, magma, plasma, viridis and cividis are perceptually uniform: equal steps of the number look
/// like equal steps, from dark to bright, also in grey and (cividis by design, the others nearly) to the colour-blind.
/// turbo and jet are not: their brightness rises and falls, which shows edges where there are none. They exist for the
/// comparison with older pictures.
enum class ColorMap { inferno, magma, plasma, viridis, cividis, turbo, jet };

/// Names of the colour maps in options.
inline constexpr std::initializer_list<std::pair<const char*, ColorMap>> kColorMapNames = {
    {"inferno", ColorMap::inferno}, {"magma", ColorMap::magma}, {"plasma", ColorMap::plasma}, {"viridis", ColorMap::viridis},
    {"cividis", ColorMap::cividis}, {"turbo", ColorMap::turbo}, {"jet", ColorMap::jet}};

/// Colour of NaN in every colour map; no colour map contains this grey.
inline constexpr Rgb8 kNotANumberColor{127, 127, 127};

using ColorTable = std::array<Rgb8, 256>;  ///< the colours of 0, 1/255, ..., 1

/// Colours of a colour map. May be called from several threads.
const ColorTable& color_table(ColorMap map);

/// The table's colour nearest to a value in [0, 1]; smaller and larger values have its end colours, NaN is kNotANumberColor.
Rgb8 color_of(const ColorTable& table, double value);
Rgb8 color_of(ColorMap map, double value);

}  // namespace fovea
