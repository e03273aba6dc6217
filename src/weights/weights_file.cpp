#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <string_view>

#include <fovea/base/error.h>
#include <fovea/options/names.h>
#include <fovea/weights/internal/open_file.h>
#include <fovea/weights/internal/sharded_weights.h>
#include <fovea/weights/torch_file.h>
#include <fovea/weights/weights_file.h>

namespace fovea {
namespace {

/// Prefixes of wrappers around a network, in the order of nesting.
constexpr std::array<std::string_view, 3> kWrapperPrefixes{"module.", "_orig_mod.", "module."};

/// Every sequence of `count` components in the names.
std::vector<std::string> runs_of_parts(const std::map<std::string, std::string>& names, std::size_t count) {
  constexpr std::size_t kMostRuns = 20'000;  // for a suggestion: a file may have any names
  constexpr std::size_t kLongestName = 500;
  std::set<std::string> runs;
  for (const auto& [name, original] : names) {
    if (name.size() > kLongestName || runs.size() > kMostRuns) continue;
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
  const std::string where = "rename " + rename_text(rename);
  constexpr const char* kCheck = "check the names in the file";
  if (rename.is_pattern()) throw InputError(where, "a pattern of names in " + path, "one that matches none", kCheck);
  const auto parts = static_cast<std::size_t>(1 + std::count(rename.from.begin(), rename.from.end(), '.'));
  const std::string nearest = nearest_name(rename.from, runs_of_parts(names, parts));
  throw InputError(where, "parts of a name in " + path, "'" + rename.from + "'",
                   nearest.empty() ? kCheck : "did you mean '" + nearest + "'?");
}

/// "a, b, c and 5 more".
std::string a_few_of(const std::vector<std::string>& texts) {
  constexpr std::size_t kShown = 4;
  if (texts.size() <= kShown) return join_names(texts);
  std::string text;
  for (std::size_t i = 0; i < kShown; ++i) text += (i > 0 ? ", " : "") + texts[i];
  return text + " and " + std::to_string(texts.size() - kShown) + " more";
}

/// Note for the user on a file of torch.save. @param chosen true when its key was given.
std::vector<std::string> notes_on(const TorchFile& file, const std::string& path, bool chosen) {
  std::vector<std::string> notes;
  if (!file.other_keys.empty() && !chosen) {
    const std::string taken = file.key.empty() ? "the outermost dict" : "'" + file.key + "'";
    notes.push_back(path + ": read " + taken + "; the file also has tensors at the keys " + a_few_of(file.other_keys));
  }
  if (!file.skipped.empty()) {
    notes.push_back(path + ": skipped " + std::to_string(file.skipped.size()) +
                    " of its values, which are no tensors: " + a_few_of(file.skipped));
  }
  return notes;
}

/// A file with its names as they are.
WeightsFile read_single_file(const std::string& path, const std::string& key) {
  if (!is_safetensors(path)) {
    TorchFile file = read_torch_file(path, key);
    std::vector<std::string> notes = notes_on(file, path, !key.empty());
    return {.path = path, .tensors = std::move(file.tensors), .prefix = "", .notes = std::move(notes)};
  }
  if (!key.empty()) {
    throw InputError(path, "no key for a safetensors file, which has no nested dicts", "'" + key + "'",
                     "skip tensors and remove prefixes with renames");
  }
  const SafetensorsFile file(path);
  return {.path = path, .tensors = file.tensors(), .prefix = "", .metadata = file.metadata()};
}

/// All files of a set.
WeightsFile read_shards(const ShardIndex& index, const std::string& key) {
  WeightsFile whole{.path = index.path, .tensors = {}, .prefix = ""};
  std::set<std::string> files;
  for (const auto& [name, file] : index.files) files.insert(file);
  for (const std::string& path : files) {
    WeightsFile part = read_single_file(path, key);
    for (auto& [name, tensor] : part.tensors) {
      if (whole.tensors.emplace(name, std::move(tensor)).second) continue;
      throw InputError(path, "tensors that no other file of " + index.path + " has", "'" + name + "'",
                       "download the set again");
    }
    whole.notes.insert(whole.notes.end(), part.notes.begin(), part.notes.end());
  }
  for (const auto& [name, file] : index.files) {
    if (whole.tensors.contains(name)) continue;
    throw InputError(file, "the tensor '" + name + "', as " + index.path + " says", "none of that name",
                     "download the set again");
  }
  return whole;
}

}  // namespace

bool is_safetensors(const std::string& path) {
  constexpr std::size_t kBrace = 8;  // offset, after the length of the header
  const auto start = OpenFile(path, "a file of weights").bytes(0, kBrace + 1);
  return start.size() > kBrace && start[kBrace] == '{';
}

WeightsFile read_weights_file(const std::string& path, const std::string& key) {
  const auto index = shard_index_of(path);
  WeightsFile read = index ? read_shards(read_shard_index(*index), key) : read_single_file(path, key);
  if (read.tensors.empty()) throw InputError(path, "tensors", "none", "it is not a weights file");
  WeightsFile file = without_wrapper_prefix(read.path, std::move(read.tensors));
  if (const auto mapping = read.metadata.find(kMappingKey); mapping != read.metadata.end()) file.mapping = mapping->second;
  file.metadata = std::move(read.metadata);
  file.notes = std::move(read.notes);
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

NamedTensors renamed_tensors(const WeightsFile& file, const std::vector<Rename>& renames) {
  std::map<std::string, std::string> names;  // to the name in `tensors`
  for (const auto& [name, tensor] : file.tensors) names.emplace(file.prefix + name, name);
  for (const Rename& rename : renames) {
    std::map<std::string, std::string> changed;
    bool used = false;
    for (const auto& [full, name] : names) {
      const std::string replaced = renamed_key(full, rename, file.prefix);
      used = used || replaced != full;
      if (replaced.empty() || changed.emplace(replaced, name).second) continue;
      throw InputError("rename " + rename_text(rename), "every tensor of " + file.path + " with a name of its own",
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
