#pragma once

#include <string>
#include <vector>

#include <fovea/run/overlay_files.h>
#include <fovea/run/overlayer.h>

namespace fovea {

/// The layers of each method in lines of text: "method gradcam: Grad-CAM", then a layer and the size of its map on each.
std::string layers_text(const std::vector<MethodLayers>& methods);

/// The maps of one photo in lines of text, with their classes, notes and files. Maps that share a picture come together, and
/// every file once. Contact sheets, which photos share, are not among them.
std::string overlay_text(const std::vector<OverlayFiles>& maps);

}  // namespace fovea
