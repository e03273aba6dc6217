#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <string_view>

#include <fovea/base/error.h>
#include <fovea/options/names.h>
#include <fovea/weights/internal/open_file.h>
#include <fovea/weights/torch_file.h>
#include <fovea/weights/weights_file.h>

namespace fovea {
namespace {

/// Prefixes of wrappers around a network, in the order of nesting.
constexpr std::array<std::string_view, 3> kWrapperPrefixes{"module.", "_orig_mod.", "module."};

/// `name` with every occurrence of `from` as whole components replaced.
std::string with_parts_replaced(const std::string& name, const Rename& rename) {
  const std::string dotted = "." + name + ".";
  const std::string from = "." + rename.from + ".";
  const std::string to = rename.to.empty() ? "." : "." + rename.to + ".";
  std::string replaced;
  std::size_t position = 0;
  for (std::size_t found; (found = dotted.find(from, position)) != std::string::npos;) {
    replaced += dotted.substr(position, found - position) + to.substr(0, to.size() - 1);
    position = found + from.size() - 1;  // its last dot may be the next one's first
  }
  replaced += dotted.substr(position);
  return replaced.size() < 3 ? "" : replaced.substr(1, replaced.size() - 2);
}

/// Every sequence of `count` components in the names.
std::vector<std::string> runs_of_parts(const std::map<std::string, std::string>& names, std::size_t count) {
  std::set<std::string> runs;
  for (const auto& [name, original] : names) {
    std::vector<std::size_t> begins{0};  // of the parts, and of the one that would follow the last
    for (std::size_t dot = 0; (dot = name.find('.', dot)) != std::string::npos;) begins.push_back(++dot);
    begins.push_back(name.size() + 1);
    for (std::size_t i = 0; i + count < begins.size(); ++i) {
      runs.insert(name.substr(begins[i], begins[i + count] - 1 - begins[i]));
    }
  }
  return {runs.begin(), runs.end()};
}

/// @param names after the renames before this one.
[[noreturn]] void refuse_unused(const Rename& rename, const std::string& path,
                                const std::map<std::string, std::string>& names) {
  const auto parts = static_cast<std::size_t>(1 + std::count(rename.from.begin(), rename.from.end(), '.'));
  const std::string nearest = nearest_name(rename.from, runs_of_parts(names, parts));
  throw InputError("rename " + rename.from + "=" + rename.to, "parts of a name in " + path, "'" + rename.from + "'",
                   nearest.empty() ? "check the names in the file" : "did you mean '" + nearest + "'?");
}

}  // namespace

bool is_safetensors(const std::string& path) {
  constexpr std::size_t kBrace = 8;  // offset, after the length of the header
  const auto start = OpenFile(path, "a file of weights").bytes(0, kBrace + 1);
  return start.size() > kBrace && start[kBrace] == '{';
}

WeightsFile read_weights_file(const std::string& path) {
  NamedTensors tensors;
  std::string mapping;
  if (is_safetensors(path)) {
    const SafetensorsFile file(path);
    tensors = file.tensors();
    if (const auto found = file.metadata().find(kMappingKey); found != file.metadata().end()) mapping = found->second;
  } else {
    tensors = read_torch_file(path);
  }
  if (tensors.empty()) throw InputError(path, "tensors", "none", "it is not a weights file");
  WeightsFile file = without_wrapper_prefix(path, std::move(tensors));
  file.mapping = mapping;
  return file;
}

WeightsFile without_wrapper_prefix(const std::string& path, NamedTensors tensors) {
  tensors.erase("n_averaged");
  WeightsFile file{path, std::move(tensors), ""};
  if (file.tensors.empty()) return file;
  for (const std::string_view prefix : kWrapperPrefixes) {
    const bool common = std::all_of(file.tensors.begin(), file.tensors.end(), [&](const auto& item) {
      return item.first.size() > prefix.size() && item.first.starts_with(prefix);
    });
    if (!common) continue;
    NamedTensors shorter;
    for (auto& [name, tensor] : file.tensors) shorter.emplace(name.substr(prefix.size()), std::move(tensor));
    file.tensors = std::move(shorter);
    file.prefix += prefix;
  }
  return file;
}

Rename parse_rename(const std::string& text, const std::string& where) {
  const auto trimmed = [](std::string name) {
    while (name.starts_with('.')) name.erase(0, 1);
    while (name.ends_with('.')) name.pop_back();
    return name;
  };
  const std::size_t equals = text.find('=');
  Rename rename;
  if (equals != std::string::npos) rename = {trimmed(text.substr(0, equals)), trimmed(text.substr(equals + 1))};
  if (rename.from.empty() || text.find('=', equals + 1) != std::string::npos) {
    throw InputError(where, "FROM=TO, parts of tensors' names", "'" + text + "'", "e.g. linear=fc");
  }
  return rename;
}

NamedTensors renamed_tensors(const WeightsFile& file, const std::vector<Rename>& renames) {
  std::map<std::string, std::string> names;  // to the name in `tensors`
  for (const auto& [name, tensor] : file.tensors) names.emplace(file.prefix + name, name);
  for (const Rename& rename : renames) {
    std::map<std::string, std::string> changed;
    bool used = false;
    for (const auto& [full, name] : names) {
      const std::string replaced = with_parts_replaced(full, rename);
      used = used || replaced != full;
      if (replaced.empty() || changed.emplace(replaced, name).second) continue;
      throw InputError("rename " + rename.from + "=" + rename.to, "every tensor of " + file.path + " with a name of its own",
                       "'" + replaced + "' twice", "rename or skip one of them");
    }
    if (!used) refuse_unused(rename, file.path, names);
    names = std::move(changed);
  }
  if (names.empty()) throw InputError(file.path, "tensors after the renames", "none", "remove fewer of them");
  NamedTensors tensors;
  for (const auto& [full, name] : names) {
    const bool wrapped = !file.prefix.empty() && full.starts_with(file.prefix);
    const std::string own = wrapped ? full.substr(file.prefix.size()) : full;
    if (!tensors.emplace(own, file.tensors.at(name)).second) {
      throw InputError(file.path, "every tensor with a name of its own", "'" + own + "' twice", "rename one of them");
    }
  }
  return tensors;
}

}  // namespace fovea
