#pragma once

#include <string>
#include <vector>

#include <fovea/config/config_node.h>
#include <fovea/explain/layer_map.h>
#include <fovea/explain/photo_glimpses.h>
#include <fovea/explain/photo_map.h>

namespace fovea {

/// Writes a map as `<stem>.npy` (NumPy's format 1.0: float32, [H, W] or [C], row by row) and its metadata as
/// `<stem>.json`: `about`, and the affine transform to the photo.
/// @param on_photo nullptr for channels. @return the path of the .npy file. @throws SystemError.
std::string write_map(const std::string& stem, const LayerMap& map, const PhotoMap* on_photo, Json about);

/// Writes the windows of glimpses as `<stem>.npy`: [T, S, 4], left, top, right and bottom of each in pixels of the photo,
/// finest first; and as `<stem>.json` `about`, `columns` (the names of these four), `fixations` in pixels of the photo,
/// `locations` in normalised coordinates of the network input, both x first, and `probabilities` of all classes after each
/// glimpse. @return the path of the .npy file. @throws SystemError.
std::string write_glimpses(const std::string& stem, const GlimpsePath& path, const std::vector<PhotoGlimpse>& on_photo,
                           Json about);

}  // namespace fovea
