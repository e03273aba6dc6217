#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <set>
#include <utility>

#include <fovea/base/error.h>
#include <fovea/base/file.h>
#include <fovea/base/number_text.h>
#include <fovea/draw/bar_strip.h>
#include <fovea/draw/canvas.h>
#include <fovea/draw/zoomed.h>
#include <fovea/explain/glimpse_drawing.h>
#include <fovea/explain/glimpse_panel.h>
#include <fovea/explain/map_file.h>
#include <fovea/explain/overlay.h>
#include <fovea/explain/photo_glimpses.h>
#include <fovea/explain/photo_map.h>
#include <fovea/image/encode.h>
#include <fovea/run/photo_overlay.h>
#include <fovea/run/prepared_photo.h>

namespace fovea {
namespace {

/// The photo with its longer side as long as a tile's.
Image fitted_to_tile(const Image& photo) {
  return zoomed(photo, static_cast<double>(kTileSide) / std::max(photo.height, photo.width));
}

/// Before anything is drawn. @throws InputError naming the photo when it is too large for the pictures of glimpses.
void expect_drawable(const std::string& path, const Image& photo) {
  if (std::max(photo.height, photo.width) <= kMaximumCanvasSide) return;
  throw InputError(path, "sides of at most " + std::to_string(kMaximumCanvasSide) + " pixels to draw glimpses on",
                   std::to_string(photo.height) + " x " + std::to_string(photo.width), "make the photo smaller");
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
        small_(fitted_to_tile(photo)),
        single_(overlayer.layers_on_photo_ == 1) {
    result_.tiles.push_back(
        {small_, {std::filesystem::path(image.path).filename().string(), named(explanation.predicted)}, std::nullopt});
  }

  void add_spatial(const LayerMap& map, const PhotoMap& on_photo) {
    OverlayStyle style{settings_.color_map, on_photo.lowest(), on_photo.highest(), settings_.opacity.value_or(0.5)};
    if (settings_.range) std::tie(style.low, style.high) = *settings_.range;
    const std::string stem = path_of(single_ ? "" : "." + map.layer);
    write_png(stem + ".png", overlay(photo_, on_photo, style));
    const PhotoMap on_small = on_photo.scaled(static_cast<double>(small_.width) / photo_.width,
                                              static_cast<double>(small_.height) / photo_.height);
    result_.tiles.push_back(
        {overlay(small_, on_small, style), caption(map.layer), ColorScale{style.color_map, style.low, style.high}});
    add_entry(map, stem + ".png", [&](Json about) { return write_map(map_stem(map), map, &on_photo, std::move(about)); });
  }

  void add_channels(const LayerMap& map) {
    const auto values = map.values.to(torch::kFloat64).contiguous();
    const double* begin = values.data_ptr<double>();
    const bool is_gate = map.meaning == Meaning::gate;
    bars_.push_back(
        {map.layer, {begin, begin + values.numel()}, is_gate ? std::optional<ValueRange>({0, 1}) : std::nullopt});
    add_entry(map, bars_path(), [&](Json about) { return write_map(map_stem(map), map, nullptr, std::move(about)); });
  }

  void add_glimpses(const LayerMap& map, const GlimpsePath& path, const std::vector<PhotoGlimpse>& on_photo) {
    const auto& [file, prediction] = std::pair(result_.tiles[0].caption[0], result_.tiles[0].caption[1]);
    const bool is_predicted = explanation_.explained == explanation_.predicted;
    const GlimpseTexts texts{file, prediction + (is_predicted ? "" : ", following " + named(explanation_.explained)),
                             classes_, followed_classes(on_photo, explanation_.explained)};
    const Image path_picture = draw_glimpses(photo_, on_photo, {settings_.color_map});
    const Image panel = glimpse_panel(photo_, on_photo, texts, settings_.color_map);
    Animation animation = glimpse_animation(photo_, on_photo, texts, settings_.color_map);
    const std::string output = path_of(".png");  // all or none
    write_png(output, path_picture);
    write_png(path_of(".panel.png"), panel);
    animation.write(path_of(".webp"));

    const auto on_small = scaled(on_photo, static_cast<double>(small_.width) / photo_.width,
                                 static_cast<double>(small_.height) / photo_.height);
    result_.tiles.push_back({draw_glimpses(small_, on_small, {settings_.color_map}),
                             {map.layer, std::to_string(on_photo.size()) + " steps"},
                             std::nullopt});
    add_entry(map, output, [&](Json about) { return write_glimpses(map_stem(map), path, on_photo, std::move(about)); });
    result_.entries.back()["panel"] = path_of(".panel.png");
    result_.entries.back()["animation"] = path_of(".webp");
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
  std::string map_stem(const LayerMap& map) const { return path_of("." + map.layer); }
  std::string bars_path() const { return path_of(".channels.png"); }

  /// A class and its probability.
  std::string named(std::int64_t label) const {
    const auto index = static_cast<std::size_t>(label);
    return classes_[index] + "  " + percent(explanation_.probabilities[index], 1);
  }

  /// A layer, and which class its map is about, where the method has one.
  std::vector<std::string> caption(const std::string& layer) const {
    if (!method_.explains_class) return {layer};
    return {layer, "for " + named(explanation_.explained)};
  }

  /// @param write_values writes the raw map, with what is known about it; returns its path.
  void add_entry(const LayerMap& map, const std::string& output, const std::function<std::string(Json)>& write_values) {
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
      entry["map"] = write_values(std::move(about));
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
    layers_on_photo_ += layer.is_channels() ? 0 : 1;
  }
  wanted_ = [names = std::move(names)](const std::string& layer) { return names.contains(layer); };
}

PhotoOverlay PhotoOverlayer::operator()(const ImageArgument& image) const {
  const PreparedPhoto prepared =
      prepare_photo(image.path, preprocess_, static_cast<int>(opened_.description.input.channels));
  const Explanation explanation =
      method_.explain(*opened_.classifier, prepared.batch.to(device_), wanted_, settings_.target);

  if (explanation.glimpses) expect_drawable(image.path, prepared.photo);
  make_directories((std::filesystem::path(settings_.folder) / image.name).parent_path().string());
  Drawing drawing(*this, image, prepared.photo, explanation);
  for (const LayerMap& map : explanation.maps) {
    if (map.is_channels()) {
      drawing.add_channels(map);
    } else if (map.is_spatial()) {
      drawing.add_spatial(map, on_photo(map, prepared.geometry, prepared.height, prepared.width));
    } else {
      const GlimpsePath& path = *explanation.glimpses;
      drawing.add_glimpses(map, path, on_photo(path, prepared.geometry, prepared.height, prepared.width));
    }
  }
  return drawing.finish();
}

}  // namespace fovea
