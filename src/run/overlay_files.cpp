#include <algorithm>
#include <filesystem>
#include <utility>

#include <fovea/base/file.h>
#include <fovea/draw/contact_sheet.h>
#include <fovea/explain/map_file.h>
#include <fovea/image/encode.h>
#include <fovea/run/overlay_files.h>

namespace fovea {
namespace {

/// The keys that describe a map.
Json about(const OverlayFiles& files) {
  return {{"image", files.image},           {"method", files.method},       {"layer", files.layer},
          {"class", files.explained.label}, {"name", files.explained.name}, {"probability", files.explained.probability},
          {"predicted", files.predicted}};
}

/// Writes a layer's raw map. @return its path.
std::string write_raw_map(const Overlay& overlay, std::size_t layer, const std::string& stem, Json about) {
  const LayerMap& map = overlay.maps()[layer];
  const Image& photo = overlay.photo();
  about["meaning"] = to_string(map.meaning);
  about["photo"] = {{"height", photo.height}, {"width", photo.width}};
  if (map.is_channels()) return write_map(stem, map, nullptr, std::move(about));
  if (map.is_spatial()) return write_map(stem, map, &*overlay.on_photo(layer), std::move(about));
  return write_glimpses(stem, *overlay.glimpse_path(), overlay.glimpses(), std::move(about));
}

void write_glimpse_pictures(const Overlay& overlay, std::size_t layer, OverlayFiles& files, const std::string& stem) {
  const Image path = overlay.picture(layer);
  const Image panel = overlay.panel();
  Animation animation = overlay.animation();
  files.output = stem + ".png";  // all or none
  files.panel = stem + ".panel.png";
  files.animation = stem + ".webp";
  write_png(files.output, path);
  write_png(*files.panel, panel);
  animation.write(*files.animation);
}

}  // namespace

Json to_json(const OverlayFiles& files) {
  Json document = about(files);
  document["output"] = files.output;
  document["map"] = files.map ? Json(*files.map) : Json(nullptr);
  if (files.panel) document["panel"] = *files.panel;
  if (files.animation) document["animation"] = *files.animation;
  return document;
}

std::vector<OverlayFiles> write_overlay(const Overlay& overlay, const NamedPhoto& image, const std::string& folder,
                                        bool maps) {
  const std::string stem = folder + "/" + image.name;
  make_directories(std::filesystem::path(stem).parent_path().string());
  const std::vector<LayerMap>& layers = overlay.maps();
  const auto on_photo = std::count_if(layers.begin(), layers.end(), [](const LayerMap& map) { return !map.is_channels(); });
  const std::string channels = stem + ".channels.png";
  std::vector<OverlayFiles> written;
  for (std::size_t i = 0; i < layers.size(); ++i) {
    const LayerMap& map = layers[i];
    OverlayFiles files{image.path, overlay.method(), map.layer, overlay.explained(), overlay.predicted().label, channels};
    if (map.is_spatial()) {
      files.output = stem + (on_photo == 1 ? "" : "." + map.layer) + ".png";
      write_png(files.output, overlay.picture(i));
    } else if (!map.is_channels()) {
      write_glimpse_pictures(overlay, i, files, stem);
    }
    if (maps) files.map = write_raw_map(overlay, i, stem + "." + map.layer, about(files));
    written.push_back(std::move(files));
  }
  if (on_photo < std::ssize(layers)) write_png(channels, overlay.channels());
  if (on_photo > 1) {  // one picture of all layers
    SheetOptions options;
    options.title = overlay.method() + ": " + image.name;
    write_png(stem + ".png", contact_sheet(overlay.tiles(), options));
  }
  return written;
}

}  // namespace fovea
