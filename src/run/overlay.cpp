#include <algorithm>
#include <cmath>
#include <utility>

#include <fovea/base/error.h>
#include <fovea/base/number_text.h>
#include <fovea/draw/bar_strip.h>
#include <fovea/draw/ticks.h>
#include <fovea/draw/zoomed_image.h>
#include <fovea/explain/glimpse_drawing.h>
#include <fovea/explain/glimpse_panel.h>
#include <fovea/explain/map_note.h>
#include <fovea/explain/overlay.h>
#include <fovea/run/overlay.h>

namespace fovea {
namespace {

constexpr int kTileSide = 224;

ClassProbability class_of(const Overlay::Content& content, std::int64_t label) {
  const auto index = static_cast<std::size_t>(label);
  return {label, content.model->classes[index], content.explanation.probabilities[index]};
}

/// "dog  97.3 %".
std::string class_text(const ClassProbability& probability) {
  return probability.name + "  " + percent_text(probability.probability, 1);
}

/// The photo's name, its true class where that is known, and the predicted class.
std::vector<std::string> photo_caption(const Overlay::Content& content) {
  std::vector<std::string> lines;
  if (!content.caption.name.empty()) lines.push_back(content.caption.name);
  const std::string prediction = class_text(class_of(content, content.explanation.predicted));
  if (const auto& truth = content.caption.truth) {
    lines.push_back("true: " + content.model->classes[static_cast<std::size_t>(*truth)]);
    lines.push_back("predicted: " + prediction);
  } else {
    lines.push_back(prediction);
  }
  return lines;
}

/// The same on one line.
std::string photo_line(const Overlay::Content& content) {
  std::string line;
  for (const std::string& part : photo_caption(content)) line += (line.empty() ? "" : ", ") + part;
  return line;
}

GlimpseTexts glimpse_texts(const Overlay::Content& content) {
  const Explanation& explanation = content.explanation;
  std::string line = photo_line(content);
  for (const std::int64_t label : explanation.explained) {
    if (label != explanation.predicted) line += ", following " + class_text(class_of(content, label));
  }
  return {content.title, std::move(line), content.model->classes, followed_classes(content.glimpses, explanation.explained)};
}

/// False for a map whose colours would mean nothing: the first one everywhere, or values that are no numbers.
bool has_colors(const OverlayOptions& options, const LayerMap& map) {
  const MapValues kind = kind_of_values(map.values);
  return kind == MapValues::varied || (options.range && kind != MapValues::not_finite);
}

OverlayStyle style_of(const OverlayOptions& options, const LayerMap& map, const PhotoMap& placed) {
  OverlayStyle style{options.color_map, placed.lowest(), placed.highest(), options.opacity.value_or(0.5)};
  if (options.range) std::tie(style.low, style.high) = *options.range;
  if (!has_colors(options, map)) style.opacity = 0;
  return style;
}

/// What stands in place of the scale of a map without colours.
std::string colorless_caption(const LayerMap& map) {
  const MapValues kind = kind_of_values(map.values);
  if (kind == MapValues::not_finite) return "values that are not finite";
  if (kind == MapValues::zero && map.label) return "no position raises the score";
  const double value = map.values.mean().item<double>();
  return short_number_text(value, {value, value}) + " at every position";
}

/// The class that a map explains, where it explains one, and its layer.
std::vector<std::string> map_caption(const Overlay::Content& content, const LayerMap& map) {
  if (!map.label) return {map.layer};
  return {"for " + class_text(class_of(content, *map.label)), map.layer};
}

BarRow bar_row(const LayerMap& map) {
  const auto values = map.values.to(torch::kFloat64).contiguous();
  const double* begin = values.data_ptr<double>();
  const bool is_gate = map.meaning == Meaning::gate;
  return {map.layer, {begin, begin + values.numel()}, is_gate ? std::optional<ValueRange>({0, 1}) : std::nullopt};
}

/// Bars of a map of channels, as a tile.
Tile channel_tile(const LayerMap& map) {
  const std::string kind = map.meaning == Meaning::gate ? " gates" : " channels";
  const std::string mean = number_text(map.values.mean().item<double>(), 0.01);
  return {bar_tile(bar_row(map), kTileSide * 2 / 3, kTileSide),
          {map.layer, std::to_string(map.values.numel()) + kind + ", mean " + mean},
          std::nullopt};
}

void expect_map(std::size_t map, const std::vector<LayerMap>& maps) {
  if (map < maps.size()) return;
  throw InputError("overlay", "a map's number below " + std::to_string(maps.size()), std::to_string(map));
}

}  // namespace

Overlay::Overlay(std::shared_ptr<const Content> content) : content_(std::move(content)) {}

const std::string& Overlay::method() const {
  return content_->method;
}

const Image& Overlay::photo() const {
  return content_->photo;
}

ClassProbability Overlay::predicted() const {
  return class_of(*content_, content_->explanation.predicted);
}

std::optional<ClassProbability> Overlay::truth() const {
  const auto& truth = content_->caption.truth;
  return truth ? std::optional(class_of(*content_, *truth)) : std::nullopt;
}

std::vector<ClassProbability> Overlay::classes() const {
  std::vector<ClassProbability> classes;
  for (const std::int64_t label : content_->explanation.explained) classes.push_back(class_of(*content_, label));
  return classes;
}

bool Overlay::has_chosen_classes() const {
  return !content_->options.classes.empty();
}

ClassProbability Overlay::explained(std::size_t map) const {
  expect_map(map, maps());
  return class_of(*content_, maps()[map].label.value_or(content_->explanation.explained.front()));
}

const std::string& Overlay::title() const {
  return content_->title;
}

const std::string& Overlay::selection() const {
  return content_->selection;
}

const std::vector<LayerMap>& Overlay::maps() const {
  return content_->explanation.maps;
}

const std::optional<PhotoMap>& Overlay::on_photo(std::size_t map) const {
  expect_map(map, maps());
  return content_->on_photo[map];
}

std::string Overlay::note(std::size_t map) const {
  const ClassProbability about = explained(map);
  return map_note(maps()[map], about.name);
}

const std::vector<PhotoGlimpse>& Overlay::glimpses() const {
  return content_->glimpses;
}

const std::optional<GlimpsePath>& Overlay::glimpse_path() const {
  return content_->explanation.glimpses;
}

Image Overlay::drawn_on(const Image& photo_at_size, std::size_t map) const {
  const double factor_x = static_cast<double>(photo_at_size.width) / photo().width;
  const double factor_y = static_cast<double>(photo_at_size.height) / photo().height;
  if (const std::optional<PhotoMap>& placed = on_photo(map)) {
    const OverlayStyle style = style_of(content_->options, maps()[map], *placed);
    return draw_overlay(photo_at_size, placed->scaled(factor_x, factor_y), style);
  }
  return draw_glimpses(photo_at_size, scaled_glimpses(glimpses(), factor_x, factor_y), {content_->options.color_map});
}

Image Overlay::picture(std::size_t map) const {
  expect_map(map, maps());
  if (maps()[map].is_channels()) return channels();
  const double factor =
      std::ceil(static_cast<double>(content_->options.least_side) / std::max(photo().height, photo().width));
  return factor > 1 ? drawn_on(zoomed_image(photo(), factor), map) : drawn_on(photo(), map);
}

Image Overlay::channels() const {
  std::vector<BarRow> rows;
  for (const LayerMap& map : maps()) {
    if (map.is_channels()) rows.push_back(bar_row(map));
  }
  BarStripOptions options;
  options.title = title();
  options.subtitle = photo_line(*content_);
  return bar_strip(rows, options);
}

Image Overlay::panel() const {
  return glimpse_panel(photo(), glimpses(), glimpse_texts(*content_), content_->options.color_map);
}

Animation Overlay::animation() const {
  return glimpse_animation(photo(), glimpses(), glimpse_texts(*content_), content_->options.color_map);
}

std::vector<Tile> Overlay::tiles() const {
  const Image small = zoomed_image(photo(), static_cast<double>(kTileSide) / std::max(photo().height, photo().width));
  std::vector<Tile> tiles{{small, photo_caption(*content_), std::nullopt}};
  for (std::size_t i = 0; i < maps().size(); ++i) {
    if (maps()[i].is_channels()) continue;
    std::vector<std::string> caption = map_caption(*content_, maps()[i]);
    std::optional<ColorScale> scale;
    const std::optional<PhotoMap>& placed = on_photo(i);
    if (!placed) {
      caption.push_back(std::to_string(glimpses().size()) + " steps");
    } else if (has_colors(content_->options, maps()[i])) {
      const OverlayStyle style = style_of(content_->options, maps()[i], *placed);
      scale = ColorScale{style.color_map, style.low, style.high};
    } else {
      caption.push_back(colorless_caption(maps()[i]));
    }
    tiles.push_back({drawn_on(small, i), std::move(caption), scale});
  }
  if (tiles.size() > 1) return tiles;
  for (const LayerMap& map : maps()) tiles.push_back(channel_tile(map));
  return tiles;
}

}  // namespace fovea
