#include <algorithm>
#include <fnmatch.h>

#include <fovea/base/error.h>
#include <fovea/nn/layer_pattern.h>
#include <fovea/options/names.h>

namespace fovea {
namespace {

/// "a.b.c": a, a.b and a.b.c.
std::vector<std::string> paths_to(const std::string& path) {
  std::vector<std::string> paths;
  for (std::size_t end = path.find('.'); end != std::string::npos; end = path.find('.', end + 1))
    paths.push_back(path.substr(0, end));
  paths.push_back(path);
  return paths;
}

/// Error for a pattern that matches no parameter.
[[noreturn]] void throw_no_match(const torch::nn::Module& network, const std::string& pattern, const std::string& where) {
  std::vector<std::string> names, parts;  // all parameters and enclosing modules; outermost modules
  for (const auto& item : network.named_parameters()) {
    for (const std::string& path : paths_to(item.key())) {
      if (std::find(names.begin(), names.end(), path) != names.end()) continue;
      names.push_back(path);
      if (path.find('.') == std::string::npos) parts.push_back(path);
    }
  }
  const std::string nearest = nearest_name(pattern, names);
  throw InputError(
      where, "the name or pattern of a layer with parameters", "'" + pattern + "'",
      nearest.empty() ? "the modules of the network are " + join_names(parts) : "did you mean '" + nearest + "'?");
}

}  // namespace

bool matches_layer(const std::string& pattern, const std::string& path) {
  const std::vector<std::string> paths = paths_to(path);
  return std::any_of(paths.begin(), paths.end(),
                     [&](const std::string& one) { return fnmatch(pattern.c_str(), one.c_str(), 0) == 0; });
}

std::vector<std::string> parameters_matching(const torch::nn::Module& network, const std::string& pattern,
                                             const std::string& where) {
  std::vector<std::string> matched;
  for (const auto& item : network.named_parameters()) {
    if (matches_layer(pattern, item.key())) matched.push_back(item.key());
  }
  if (matched.empty()) throw_no_match(network, pattern, where);
  return matched;
}

}  // namespace fovea
