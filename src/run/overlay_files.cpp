#include <algorithm>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include <fovea/base/file.h>
#include <fovea/draw/contact_sheet.h>
#include <fovea/explain/map_file.h>
#include <fovea/image/encode.h>
#include <fovea/run/internal/overlay_names.h>
#include <fovea/run/overlay_files.h>

namespace fovea {
namespace {

/// The keys that describe a map.
Json about(const OverlayFiles& files) {
  Json document = {{"image", files.image},
                   {"method", files.method},
                   {"layer", files.layer},
                   {"class", files.explained.label},
                   {"name", files.explained.name},
                   {"probability", files.explained.probability},
                   {"predicted", files.predicted.label}};
  if (!files.note.empty()) document["note"] = files.note;
  return document;
}

std::string channels_path(const Overlay& overlay, const std::string& stem) {
  return stem + "." + overlay.selection() + ".channels.png";
}

std::string class_part(const ClassProbability& chosen) {
  return class_file_part(chosen.label, chosen.name);
}

/// True when layers were chosen: the selection then says more than the method and the classes.
bool has_chosen_layers(const Overlay& overlay) {
  std::vector<std::string> classes;
  for (const ClassProbability& chosen : overlay.classes()) classes.push_back(class_part(chosen));
  const std::string part = overlay.has_chosen_classes() ? "." + joined_file_part(classes) : "";
  return overlay.selection() != overlay.method() + part;
}

/// Name of the files of one map among others: the method, the layer, and the class if classes were chosen. The layer of a
/// glimpse network has the name of its method.
std::string map_part(const Overlay& overlay, std::size_t map, bool names_layer) {
  const LayerMap& layer = overlay.maps()[map];
  std::string part = overlay.method();
  if (names_layer && layer.layer != overlay.method()) part += "." + layer.layer;
  return overlay.has_chosen_classes() && layer.label ? part + "." + class_part(overlay.explained(map)) : part;
}

/// Writes a raw map. @return its path.
std::string write_raw_map(const Overlay& overlay, std::size_t map, const std::string& stem, Json about) {
  const LayerMap& layer = overlay.maps()[map];
  const Image& photo = overlay.photo();
  about["meaning"] = to_string(layer.meaning);
  about["photo"] = {{"height", photo.height}, {"width", photo.width}};
  if (layer.is_channels()) return write_map(stem, layer, nullptr, std::move(about));
  if (layer.is_spatial()) return write_map(stem, layer, &*overlay.on_photo(map), std::move(about));
  return write_glimpses(stem, *overlay.glimpse_path(), overlay.glimpses(), std::move(about));
}

void write_glimpse_pictures(const Overlay& overlay, std::size_t map, OverlayFiles& files, const std::string& stem) {
  const Image path = overlay.picture(map);
  const Image panel = overlay.panel();
  Animation animation = overlay.animation();
  files.output = stem + ".png";  // all or none
  files.panel = stem + ".panel.png";
  files.animation = stem + ".webp";
  write_png(files.output, path);
  write_png(*files.panel, panel);
  animation.write(*files.animation);
}

/// Writes the files of one map. @param stem of the photo's files.
OverlayFiles write_one_map(const Overlay& overlay, std::size_t map, const NamedPhoto& image, const std::string& stem,
                           bool is_only_one, bool raw) {
  const LayerMap& layer = overlay.maps()[map];
  const std::string own = map_part(overlay, map, has_chosen_layers(overlay));
  const std::string name = stem + "." + (is_only_one ? overlay.selection() : own);
  OverlayFiles files{image.path,          overlay.method(), layer.layer,       overlay.explained(map),
                     overlay.predicted(), overlay.truth(),  overlay.note(map), channels_path(overlay, stem)};
  if (layer.is_spatial()) {
    files.output = name + ".png";
    write_png(files.output, overlay.picture(map));
  } else if (!layer.is_channels()) {
    write_glimpse_pictures(overlay, map, files, name);
  }
  if (raw) {
    const std::string raw_stem = stem + "." + map_part(overlay, map, true);
    files.map = write_raw_map(overlay, map, raw_stem, about(files));
    files.map_data = raw_stem + ".json";
  }
  return files;
}

}  // namespace

Json to_json(const OverlayFiles& files) {
  Json document = about(files);
  if (files.truth) document["true"] = {{"class", files.truth->label}, {"name", files.truth->name}};
  document["output"] = files.output;
  document["map"] = files.map ? Json(*files.map) : Json(nullptr);
  for (const auto& [key, file] : {std::pair("map_data", &files.map_data),
                                  {"panel", &files.panel},
                                  {"animation", &files.animation},
                                  {"together", &files.together},
                                  {"contact_sheet", &files.sheet}}) {
    if (*file) document[key] = **file;
  }
  return document;
}

std::vector<std::string> written_files(const std::vector<OverlayFiles>& maps) {
  std::vector<std::string> written;
  const auto add = [&](const std::optional<std::string>& file) {
    if (file && std::find(written.begin(), written.end(), *file) == written.end()) written.push_back(*file);
  };
  for (const OverlayFiles& files : maps) {
    add(files.output);
    for (const auto* file : {&files.panel, &files.animation, &files.map, &files.map_data}) add(*file);
  }
  for (const OverlayFiles& files : maps) add(files.together);
  return written;
}

std::vector<OverlayFiles> write_overlay(const Overlay& overlay, const NamedPhoto& image, const std::string& folder,
                                        bool maps) {
  const std::string stem = folder + "/" + image.name;
  make_directories(std::filesystem::path(stem).parent_path().string());
  const std::vector<LayerMap>& layers = overlay.maps();
  const auto on_photo = std::count_if(layers.begin(), layers.end(), [](const LayerMap& map) { return !map.is_channels(); });
  std::vector<OverlayFiles> written;
  for (std::size_t i = 0; i < layers.size(); ++i) {
    OverlayFiles files = write_one_map(overlay, i, image, stem, on_photo == 1, maps);
    if (layers[i].label || layers[i].is_channels() || layers[i].is_spatial()) {
      written.push_back(std::move(files));
      continue;
    }
    for (const ClassProbability& followed : overlay.classes()) {  // glimpses are those of all classes
      files.explained = followed;
      written.push_back(files);
    }
  }
  if (on_photo < std::ssize(layers)) write_png(channels_path(overlay, stem), overlay.channels());
  if (on_photo > 1) {  // one picture of all maps
    SheetOptions options;
    options.title = overlay.title();
    const std::string together = stem + "." + overlay.selection() + ".png";
    write_png(together, contact_sheet(overlay.tiles(), options));
    for (OverlayFiles& files : written) files.together = together;
  }
  return written;
}

}  // namespace fovea
