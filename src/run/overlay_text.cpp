#include <cstddef>
#include <set>

#include <fovea/base/number_text.h>
#include <fovea/base/printable.h>
#include <fovea/run/internal/text_lines.h>
#include <fovea/run/overlay_text.h>

namespace fovea {
namespace {

constexpr int kLayerWidth = 32;

std::string map_size_text(const LayerMap& layer) {
  const auto size = [&](std::size_t axis) { return std::to_string(layer.values.sizes()[axis]); };
  if (layer.is_channels()) return size(0) + " channels";
  return layer.is_spatial() ? size(0) + " x " + size(1) + " positions" : size(0) + " glimpses of " + size(1) + " scales";
}

/// "photo.jpg  cat 93.1 %  layer4", and the map's note.
std::string map_text(const OverlayFiles& map) {
  const std::string truth = map.truth ? "  true: " + printable(map.truth->name) : "";
  const std::string note = map.note.empty() ? "" : "  note: " + printable(map.note) + "\n";
  return printable(map.image) + "  " + printable(map.explained.name) + " " + percent_text(map.explained.probability, 1) +
         truth + "  " + printable(map.layer) + "\n" + note;
}

std::string paths_text(const std::vector<std::string>& paths) {
  std::string text;
  for (const std::string& path : paths) text += "  " + printable(path) + "\n";
  return text;
}

}  // namespace

std::string layers_text(const std::vector<MethodLayers>& methods) {
  std::string text;
  for (const MethodLayers& found : methods) {
    text += (text.empty() ? "" : "\n") + printable("method " + found.method->name + ": " + found.method->title) + "\n";
    for (const LayerMap& layer : found.layers) {
      text += "  " + padded(printable(layer.layer), kLayerWidth) + " " + map_size_text(layer) + "\n";
    }
  }
  return text;
}

std::string overlay_text(const std::vector<OverlayFiles>& maps) {
  std::string text;
  std::set<std::string> done;
  for (const OverlayFiles& first : maps) {
    if (!done.insert(first.output).second) continue;
    std::vector<OverlayFiles> of_picture;
    for (OverlayFiles map : maps) {
      if (map.output != first.output) continue;
      map.together.reset();  // comes last
      text += map_text(map);
      of_picture.push_back(std::move(map));
    }
    text += paths_text(written_files(of_picture));
  }
  if (maps.empty() || !maps.front().together) return text;
  return text + printable(maps.front().image) + "  all maps on it together\n" + paths_text({*maps.front().together});
}

}  // namespace fovea
