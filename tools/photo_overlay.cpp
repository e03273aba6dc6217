#include "photo_overlay.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <set>
#include <utility>

#include <fovea/base/file.h>
#include <fovea/explain/map_file.h>
#include <fovea/explain/overlay.h>
#include <fovea/explain/photo_map.h>
#include <fovea/image/bar_strip.h>
#include <fovea/image/encode.h>
#include <fovea/image/resample.h>

#include "prepared_photo.h"

namespace fovea {
namespace {

std::string percent(double probability) {
  char text[32];
  std::snprintf(text, sizeof text, "%.1f %%", 100 * probability);
  return text;
}

/// The photo with its longer side as long as a tile's. Pixels of small images stay visible.
Image fitted(const Image& photo) {
  const double factor = static_cast<double>(kTileSide) / std::max(photo.height, photo.width);
  const auto side = [&](int length) { return std::max(1, static_cast<int>(std::lround(factor * length))); };
  const bool antialias = factor < 1;
  return resampled(photo, {0, 0, photo.height, photo.width}, side(photo.height), side(photo.width), Interpolation::area,
                   antialias);
}

}  // namespace

/// The pictures of one photo.
class PhotoOverlayer::Drawing {
 public:
  Drawing(const PhotoOverlayer& overlayer, const ImageArgument& image, const Image& photo, const Explanation& explanation)
      : settings_(overlayer.settings_),
        method_(overlayer.method_),
        classes_(overlayer.opened_.description.classes),
        image_(image),
        photo_(photo),
        explanation_(explanation),
        small_(fitted(photo)),
        single_(overlayer.spatial_layers_ == 1) {
    const auto predicted = static_cast<std::size_t>(explanation.predicted);
    result_.tiles.push_back({small_,
                             {std::filesystem::path(image.path).filename().string(),
                              classes_[predicted] + "  " + percent(explanation.probabilities[predicted])},
                             std::nullopt});
  }

  void add_spatial(const LayerMap& map, const PhotoMap& on_photo) {
    OverlayStyle style{settings_.color_map, on_photo.lowest(), on_photo.highest(), settings_.opacity};
    if (settings_.range) std::tie(style.low, style.high) = *settings_.range;
    const std::string stem = path_of(single_ ? "" : "." + map.layer);
    write_png(stem + ".png", overlay(photo_, on_photo, style));
    const PhotoMap on_small = on_photo.scaled(static_cast<double>(small_.width) / photo_.width,
                                              static_cast<double>(small_.height) / photo_.height);
    result_.tiles.push_back(
        {overlay(small_, on_small, style), caption(map.layer), ColorScale{style.color_map, style.low, style.high}});
    add_entry(map, stem + ".png", &on_photo);
  }

  void add_channels(const LayerMap& map) {
    const auto values = map.values.to(torch::kFloat64).contiguous();
    const double* begin = values.data_ptr<double>();
    const bool is_gate = map.meaning == Meaning::gate;
    bars_.push_back(
        {map.layer, {begin, begin + values.numel()}, is_gate ? std::optional<ValueRange>({0, 1}) : std::nullopt});
    add_entry(map, bars_path(), nullptr);
  }

  PhotoOverlay finish() {
    if (!bars_.empty()) {
      BarStripOptions options;
      options.title = result_.tiles[0].caption[0] + ": " + result_.tiles[0].caption[1];
      write_png(bars_path(), bar_strip(bars_, options));
    }
    if (result_.tiles.size() > 2) {  // one picture of all layers
      SheetOptions options;
      options.title = method_.name + ": " + image_.name;
      write_png(path_of("") + ".png", contact_sheet(result_.tiles, options));
    }
    return std::move(result_);
  }

 private:
  std::string path_of(const std::string& suffix) const { return settings_.folder + "/" + image_.name + suffix; }
  std::string bars_path() const { return path_of(".channels.png"); }

  /// A layer, and which class its map is about, where the method has one.
  std::vector<std::string> caption(const std::string& layer) const {
    if (!method_.explains_class) return {layer};
    const auto explained = static_cast<std::size_t>(explanation_.explained);
    return {layer, "for " + classes_[explained] + "  " + percent(explanation_.probabilities[explained])};
  }

  void add_entry(const LayerMap& map, const std::string& output, const PhotoMap* on_photo) {
    const auto explained = static_cast<std::size_t>(explanation_.explained);
    Json entry = {{"image", image_.path},
                  {"method", method_.name},
                  {"layer", map.layer},
                  {"class", explained},
                  {"name", classes_[explained]},
                  {"probability", explanation_.probabilities[explained]},
                  {"predicted", explanation_.predicted},
                  {"output", output},
                  {"map", nullptr}};
    if (settings_.maps) {
      Json about = entry;
      about["meaning"] = to_string(map.meaning);
      about.erase("output");
      about.erase("map");
      about["photo"] = {{"height", photo_.height}, {"width", photo_.width}};
      entry["map"] = write_map(path_of("." + map.layer), map, on_photo, about);
    }
    result_.entries.push_back(std::move(entry));
  }

  const OverlaySettings& settings_;
  const MethodRow& method_;
  const std::vector<std::string>& classes_;
  const ImageArgument& image_;
  const Image& photo_;
  const Explanation& explanation_;
  Image small_;
  bool single_;
  std::vector<BarRow> bars_;
  PhotoOverlay result_;
};

PhotoOverlayer::PhotoOverlayer(const OpenedModel& opened, const MethodRow& method, const std::vector<LayerMap>& layers,
                               OverlaySettings settings, torch::Device device)
    : opened_(opened),
      method_(method),
      settings_(std::move(settings)),
      device_(device),
      preprocess_(opened.description.preprocess) {
  std::set<std::string> names;
  for (const LayerMap& layer : layers) {
    names.insert(layer.layer);
    spatial_layers_ += layer.is_spatial() ? 1 : 0;
  }
  wanted_ = [names = std::move(names)](const std::string& layer) { return names.contains(layer); };
}

PhotoOverlay PhotoOverlayer::operator()(const ImageArgument& image) const {
  const PreparedPhoto prepared =
      prepare_photo(image.path, preprocess_, static_cast<int>(opened_.description.input.channels));
  const Explanation explanation =
      method_.explain(*opened_.classifier, prepared.batch.to(device_), wanted_, settings_.target);

  make_directories((std::filesystem::path(settings_.folder) / image.name).parent_path().string());
  Drawing drawing(*this, image, prepared.photo, explanation);
  for (const LayerMap& map : explanation.maps) {
    if (map.is_spatial()) {
      drawing.add_spatial(map, on_photo(map, prepared.geometry, prepared.height, prepared.width));
    } else {
      drawing.add_channels(map);
    }
  }
  return drawing.finish();
}

}  // namespace fovea
