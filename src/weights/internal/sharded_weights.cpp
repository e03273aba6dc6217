#include <algorithm>
#include <cctype>
#include <cstddef>
#include <filesystem>
#include <string_view>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include <fovea/base/error.h>
#include <fovea/base/file.h>
#include <fovea/weights/internal/sharded_weights.h>

namespace fovea {
namespace {

constexpr std::string_view kIndexEnding = ".index.json";
constexpr const char* kWeightMap = "weight_map";
constexpr const char* kDownloadAgain = "download the index again";

/// "model" of "model-00001-of-00002"; none for other names.
std::optional<std::string> name_of_set(const std::string& stem) {
  const auto ends_with_number = [](std::string_view text) {
    return !text.empty() && std::isdigit(static_cast<unsigned char>(text.back())) != 0;
  };
  const auto without_number = [](std::string_view text) {
    while (!text.empty() && std::isdigit(static_cast<unsigned char>(text.back())) != 0) text.remove_suffix(1);
    return text;
  };
  constexpr std::string_view kOf = "-of-";
  std::string_view rest = stem;
  if (!ends_with_number(rest)) return std::nullopt;
  rest = without_number(rest);
  if (!rest.ends_with(kOf)) return std::nullopt;
  rest.remove_suffix(kOf.size());
  if (!ends_with_number(rest)) return std::nullopt;
  rest = without_number(rest);
  if (!rest.ends_with('-')) return std::nullopt;
  rest.remove_suffix(1);
  return std::string(rest);
}

nlohmann::json parsed_index(const std::string& path) {
  constexpr std::size_t kMostBytes = std::size_t{1} << 24;  // that of a network with 100 000 tensors
  constexpr int kDeepest = 4;
  constexpr std::size_t kMostParts = 1'000'000;  // keys and values
  const auto bytes = read_file(path, kMostBytes);
  std::size_t parts = 0;
  const auto expect_small = [&](int depth, nlohmann::json::parse_event_t /*event*/, nlohmann::json& /*value*/) {
    if (depth > kDeepest) {
      throw InputError(path, "at most " + std::to_string(kDeepest) + " nested levels of JSON", "more", kDownloadAgain);
    }
    if (++parts <= kMostParts) return true;
    throw InputError(path, "at most " + std::to_string(kMostParts) + " keys and values", "more", kDownloadAgain);
  };
  auto document = nlohmann::json::parse(bytes.begin(), bytes.end(), expect_small, /*allow_exceptions=*/false);
  if (document.is_discarded()) throw InputError(path, "valid JSON", "other text", kDownloadAgain);
  return document;
}

}  // namespace

std::optional<std::string> shard_index_of(const std::string& path) {
  namespace fs = std::filesystem;
  if (path.ends_with(kIndexEnding)) return path;
  const fs::path file(path);
  const auto name = name_of_set(file.stem().string());
  if (!name) return std::nullopt;
  const fs::path index = file.parent_path() / (*name + file.extension().string() + std::string(kIndexEnding));
  std::error_code unreachable;
  return fs::exists(index, unreachable) ? std::optional(index.string()) : std::nullopt;
}

ShardIndex read_shard_index(const std::string& path) {
  const nlohmann::json document = parsed_index(path);
  const bool has_map = document.is_object() && document.contains(kWeightMap) && document[kWeightMap].is_object();
  if (!has_map || document[kWeightMap].empty()) {
    throw InputError(path, "an index with a weight_map from tensors to files", "none", kDownloadAgain);
  }
  ShardIndex index{path, {}};
  const std::filesystem::path folder = std::filesystem::path(path).parent_path();
  for (const auto& [tensor, file] : document[kWeightMap].items()) {
    const std::string name = file.is_string() ? file.get<std::string>() : "";
    if (name.empty() || name == "." || name == ".." || name.find('/') != std::string::npos) {
      throw InputError(path + ": weight_map: '" + tensor + "'", "the name of a file in the same folder",
                       name.empty() ? "none" : "'" + name + "'", kDownloadAgain);
    }
    index.files.emplace(tensor, (folder / name).string());
  }
  return index;
}

}  // namespace fovea
