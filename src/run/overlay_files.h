#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <fovea/config/config_node.h>
#include <fovea/run/overlay.h>

namespace fovea {

/// A photo, and the name of its files.
struct NamedPhoto {
  std::string path;
  /// May include subfolders. The last component has no dot: suffixes that begin with a dot keep unique names apart.
  std::string name;
};

/// The files of one layer's map.
struct OverlayFiles {
  std::string image;  ///< path of the photo
  std::string method;
  std::string layer;
  ClassProbability explained;
  std::int64_t predicted = 0;
  std::string output;                         ///< PNG
  std::optional<std::string> map = {};        ///< .npy; none without raw maps
  std::optional<std::string> panel = {};      ///< PNG, of glimpses
  std::optional<std::string> animation = {};  ///< WebP, of glimpses
};

/// {image, method, layer, class, name, probability, predicted, output, map}, with {panel, animation} for glimpses.
Json to_json(const OverlayFiles& files);

/// Writes the pictures of an overlay, and one of all its layers where there are several.
/// @param image names the photo and its files. @param maps also writes the raw maps. @return one entry per layer.
/// @throws SystemError.
std::vector<OverlayFiles> write_overlay(const Overlay& overlay, const NamedPhoto& image, const std::string& folder,
                                        bool maps = false);

}  // namespace fovea
