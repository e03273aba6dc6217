#include <bit>
#include <cstdint>
#include <utility>

#include <fovea/base/file.h>
#include <fovea/explain/map_file.h>

namespace fovea {
namespace {

static_assert(std::endian::native == std::endian::little, "the header below promises little-endian values");

/// Magic, version, length of the header, and the header: a Python literal, padded so that the values begin at a multiple
/// of 64 bytes.
std::string npy_header(torch::IntArrayRef shape) {
  std::string sides;
  for (const std::int64_t side : shape) sides += std::to_string(side) + ",";  // a tuple of one needs its comma
  std::string header = "{'descr': '<f4', 'fortran_order': False, 'shape': (" + sides + "), }";
  constexpr std::size_t kBefore = 10;
  const std::size_t unpadded = kBefore + header.size() + 1;
  header += std::string((64 - unpadded % 64) % 64, ' ') + "\n";
  const auto length = static_cast<std::uint16_t>(header.size());
  return std::string("\x93NUMPY\x01\x00", 8) + static_cast<char>(length & 0xFFU) + static_cast<char>(length >> 8) + header;
}

Json to_json(const Affine& map) {
  const auto row = [](double x, double y, double constant) { return Json{x + 0.0, y + 0.0, constant + 0.0}; };  // no -0.0
  return Json::array({row(map.xx, map.xy, map.x0), row(map.yx, map.yy, map.y0)});
}

/// `<stem>.npy` and `<stem>.json`. @return the path of the first.
std::string write_values(const std::string& stem, const torch::Tensor& any_values, Json about) {
  const torch::Tensor values = any_values.to(torch::kFloat32).contiguous();
  about["shape"] = values.sizes().vec();
  const std::string path = stem + ".npy";
  write_file_atomically(path, [&](FileWriter& file) {
    file.write(npy_header(values.sizes()));
    file.write(values.data_ptr<float>(), static_cast<std::size_t>(values.numel()) * sizeof(float));
  });
  write_file_atomically(stem + ".json", to_json_text(about));
  return path;
}

}  // namespace

std::string write_map(const std::string& stem, const LayerMap& map, const PhotoMap* on_photo, Json about) {
  if (on_photo != nullptr) {
    // Affine transforms from (x, y, 1) in pixels of the photo to positions of the map, and back; both from the top left
    // corner.
    about["photo_to_map"] = to_json(on_photo->to_positions);
    about["map_to_photo"] = to_json(on_photo->to_positions.inverse());
  }
  return write_values(stem, map.values, std::move(about));
}

std::string write_glimpses(const std::string& stem, const GlimpsePath& path, const std::vector<PhotoGlimpse>& on_photo,
                           Json about) {
  std::vector<double> edges;
  for (const char* key : {"fixations", "locations", "probabilities"}) about[key] = Json::array();
  for (std::size_t step = 0; step < on_photo.size(); ++step) {
    const PhotoGlimpse& glimpse = on_photo[step];
    for (const Box& window : glimpse.windows) {
      edges.insert(edges.end(), {window.left, window.top, window.right, window.bottom});
    }
    const auto location = path.locations[static_cast<std::int64_t>(step)];
    about["fixations"].push_back({glimpse.fixation.x, glimpse.fixation.y});
    about["locations"].push_back({location[0].item<double>(), location[1].item<double>()});
    about["probabilities"].push_back(glimpse.probabilities);
  }
  about["columns"] = {"left", "top", "right", "bottom"};
  return write_values(stem, torch::tensor(edges, torch::kFloat64).view(path.windows.sizes()), std::move(about));
}

}  // namespace fovea
