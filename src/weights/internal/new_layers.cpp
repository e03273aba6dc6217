#include <algorithm>
#include <cstddef>
#include <set>
#include <sstream>

#include <fovea/weights/internal/new_layers.h>

namespace fovea {
namespace {

/// Names of the modules around a tensor: of "layer1.0.se.fc1.weight" these are "layer1", "0", "se" and "fc1".
std::vector<std::string> modules_around(const std::string& tensor) {
  std::vector<std::string> modules;
  const std::size_t last_dot = tensor.rfind('.');
  std::istringstream text(last_dot == std::string::npos ? "" : tensor.substr(0, last_dot));
  for (std::string module; std::getline(text, module, '.');) modules.push_back(module);
  return modules;
}

bool is_number(const std::string& text) {
  return text.find_first_not_of("0123456789") == std::string::npos;
}

}  // namespace

std::string pattern_of_new_layers(const std::vector<std::string>& missing, const std::vector<std::string>& present) {
  if (missing.empty()) return "";
  std::set<std::string> known;
  for (const std::string& name : present) {
    for (const std::string& module : modules_around(name)) known.insert(module);
  }
  for (const std::string& module : modules_around(missing.front())) {
    if (is_number(module) || known.contains(module)) continue;
    const auto is_below_it = [&](const std::string& name) {
      const auto modules = modules_around(name);
      return std::find(modules.begin(), modules.end(), module) != modules.end();
    };
    if (!std::all_of(missing.begin(), missing.end(), is_below_it)) continue;
    const bool is_outermost = missing.front().starts_with(module + ".");
    return is_outermost ? module : "*." + module;
  }
  return "";
}

}  // namespace fovea
