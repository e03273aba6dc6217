#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <fovea/config/config_node.h>
#include <fovea/run/overlay.h>
#include <fovea/run/photo_files.h>

namespace fovea {

/// The files of one map: of a layer, and of a class where the method explains classes.
struct OverlayFiles {
  std::string image;  ///< path of the photo, or name of an image that has no file
  std::string method;
  std::string layer;
  ClassProbability explained;
  ClassProbability predicted;
  std::optional<ClassProbability> truth;      ///< None where it is not known
  std::string note = {};                      ///< see map_note()
  std::string output;                         ///< PNG; maps of channels share one
  std::optional<std::string> map = {};        ///< .npy; none without raw maps
  std::optional<std::string> map_data = {};   ///< .json beside it: where the map lies on the photo
  std::optional<std::string> panel = {};      ///< PNG, of glimpses
  std::optional<std::string> animation = {};  ///< WebP, of glimpses
  std::optional<std::string> together = {};   ///< PNG of all maps of the photo, where there are several
  std::optional<std::string> sheet = {};      ///< page of the contact sheet, in a series
};

/// {image, method, layer, class, name, probability, predicted, output, map}, and, where there are such things, {true:
/// {class, name}}, note, map_data, panel, animation, together, and contact_sheet.
Json to_json(const OverlayFiles& files);

/// The files of some maps without contact sheets, each once, in the order of the maps.
std::vector<std::string> written_files(const std::vector<OverlayFiles>& maps);

/// Writes the pictures of an overlay, and one of all its maps where there are several. A file is named by its photo, by the
/// method, and by the layer and the class if they were chosen, so that the files of other methods, layers and classes can be
/// in the same folder: `photo.gradcam.png`, `photo.gradcam.layer3.png`, `photo.gradcam.5-dog.png`, and with several classes,
/// side by side, `photo.gradcam.5-dog+3-cat.png`.
/// @param image names the photo and its files. @param maps also writes the raw maps. @return one entry for each layer and
/// class. @throws SystemError.
std::vector<OverlayFiles> write_overlay(const Overlay& overlay, const NamedPhoto& image, const std::string& folder,
                                        bool maps = false);

}  // namespace fovea
