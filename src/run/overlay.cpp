#include <algorithm>
#include <utility>

#include <fovea/base/error.h>
#include <fovea/base/number_text.h>
#include <fovea/draw/bar_strip.h>
#include <fovea/draw/zoomed_image.h>
#include <fovea/explain/glimpse_drawing.h>
#include <fovea/explain/glimpse_panel.h>
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

/// The photo's caption, and the predicted class.
std::vector<std::string> photo_caption(const Overlay::Content& content) {
  const std::string prediction = class_text(class_of(content, content.explanation.predicted));
  if (content.caption.empty()) return {prediction};
  return {content.caption, prediction};
}

GlimpseTexts glimpse_texts(const Overlay::Content& content) {
  const Explanation& explanation = content.explanation;
  std::string result = class_text(class_of(content, explanation.predicted));
  if (explanation.explained != explanation.predicted) {
    result += ", following " + class_text(class_of(content, explanation.explained));
  }
  return {content.caption, std::move(result), content.model->classes,
          followed_classes(content.glimpses, explanation.explained)};
}

OverlayStyle style_of(const OverlayOptions& options, const PhotoMap& map) {
  OverlayStyle style{options.color_map, map.lowest(), map.highest(), options.opacity.value_or(0.5)};
  if (options.range) std::tie(style.low, style.high) = *options.range;
  return style;
}

/// A layer, and the class that its map explains, where the method explains one.
std::vector<std::string> layer_caption(const Overlay::Content& content, const std::string& layer) {
  if (!content.explains_class) return {layer};
  return {layer, "for " + class_text(class_of(content, content.explanation.explained))};
}

void expect_layer(std::size_t layer, const std::vector<LayerMap>& maps) {
  if (layer < maps.size()) return;
  throw InputError("overlay", "a layer's number below " + std::to_string(maps.size()), std::to_string(layer));
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

ClassProbability Overlay::explained() const {
  return class_of(*content_, content_->explanation.explained);
}

const std::vector<LayerMap>& Overlay::maps() const {
  return content_->explanation.maps;
}

const std::optional<PhotoMap>& Overlay::on_photo(std::size_t layer) const {
  expect_layer(layer, maps());
  return content_->on_photo[layer];
}

const std::vector<PhotoGlimpse>& Overlay::glimpses() const {
  return content_->glimpses;
}

const std::optional<GlimpsePath>& Overlay::glimpse_path() const {
  return content_->explanation.glimpses;
}

Image Overlay::picture(std::size_t layer) const {
  expect_layer(layer, maps());
  const LayerMap& map = maps()[layer];
  if (map.is_channels()) return channels();
  if (!map.is_spatial()) return draw_glimpses(photo(), glimpses(), {content_->options.color_map});
  const PhotoMap& placed = *on_photo(layer);
  return draw_overlay(photo(), placed, style_of(content_->options, placed));
}

Image Overlay::channels() const {
  std::vector<BarRow> rows;
  for (const LayerMap& map : maps()) {
    if (!map.is_channels()) continue;
    const auto values = map.values.to(torch::kFloat64).contiguous();
    const double* begin = values.data_ptr<double>();
    const bool is_gate = map.meaning == Meaning::gate;
    rows.push_back({map.layer, {begin, begin + values.numel()}, is_gate ? std::optional<ValueRange>({0, 1}) : std::nullopt});
  }
  BarStripOptions options;
  for (const std::string& line : photo_caption(*content_)) options.title += (options.title.empty() ? "" : ": ") + line;
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
  const double factor_x = static_cast<double>(small.width) / photo().width;
  const double factor_y = static_cast<double>(small.height) / photo().height;
  const ColorMap colors = content_->options.color_map;
  std::vector<Tile> tiles{{small, photo_caption(*content_), std::nullopt}};
  for (std::size_t i = 0; i < maps().size(); ++i) {
    const std::string& layer = maps()[i].layer;
    if (const std::optional<PhotoMap>& placed = on_photo(i)) {
      const OverlayStyle style = style_of(content_->options, *placed);
      tiles.push_back({draw_overlay(small, placed->scaled(factor_x, factor_y), style), layer_caption(*content_, layer),
                       ColorScale{style.color_map, style.low, style.high}});
    } else if (!maps()[i].is_channels()) {
      tiles.push_back({draw_glimpses(small, scaled_glimpses(glimpses(), factor_x, factor_y), {colors}),
                       {layer, std::to_string(glimpses().size()) + " steps"},
                       std::nullopt});
    }
  }
  return tiles;
}

}  // namespace fovea
