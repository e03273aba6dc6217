#pragma once

#include <string>

#include <fovea/config/value.h>
#include <fovea/explain/layer_map.h>
#include <fovea/explain/photo_map.h>

namespace fovea {

/// Writes a map as `<stem>.npy` (NumPy's format 1.0: float32, [H, W] or [C], row by row) and what one needs to read it as
/// `<stem>.json`: `about`, and where the map lies on the photo.
/// @param on_photo nothing for channels. @return the path of the .npy file. @throws SystemError.
std::string write_map(const std::string& stem, const LayerMap& map, const PhotoMap* on_photo, Json about);

}  // namespace fovea
