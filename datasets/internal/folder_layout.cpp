#include <algorithm>
#include <cctype>
#include <deque>
#include <filesystem>
#include <set>
#include <utility>

#include <fovea/base/error.h>
#include <fovea/base/unicode_form.h>
#include <fovea/base/utf8.h>
#include <fovea/datasets/internal/folder_layout.h>
#include <fovea/image/image_files.h>
#include <fovea/options/names.h>

namespace fovea {
namespace {

namespace fs = std::filesystem;

std::string path_of(const std::string& folder, const std::string& name) {
  return (fs::path(folder) / name).string();
}

/// Words of a name in lower case: "segTrain_2017" has seg, train and 2017.
std::vector<std::string> words_of(const std::string& name) {
  enum class Kind { none, lower, upper, digit };
  std::vector<std::string> words;
  Kind before = Kind::none;
  for (const char c : name) {
    const auto byte = static_cast<unsigned char>(c);
    const Kind kind = std::isdigit(byte) != 0                 ? Kind::digit
                      : std::isupper(byte) != 0               ? Kind::upper
                      : std::isalpha(byte) != 0 || byte > 127 ? Kind::lower
                                                              : Kind::none;
    const bool continues = kind == before || (before == Kind::upper && kind == Kind::lower);
    if (kind != Kind::none && !continues) words.emplace_back();
    if (kind != Kind::none) words.back().push_back(c);
    before = kind;
  }
  for (std::string& word : words) word = lower_case(word);
  return words;
}

/// A folder's name that names a split, with the rest of it.
struct SplitName {
  Split split = Split::test;
  std::string affix;  ///< the other words
};

std::optional<SplitName> split_name(const std::string& name) {
  std::optional<SplitName> found;
  std::string affix;
  for (const std::string& word : words_of(name)) {
    const auto split = split_of_word(word);
    if (split && found) return std::nullopt;  // "train_test"
    if (split) found = SplitName{*split, ""};
    if (!split) affix += "_" + word;
  }
  if (found) found->affix = affix;
  return found;
}

bool has_images(const std::string& folder) {
  return !list_images(folder).images.empty();
}

using NamesOfSplit = std::map<Split, std::vector<std::string>>;

/// Names of the split folders by their affix; those without subfolders are classes.
std::map<std::string, NamesOfSplit> split_names_in(const std::string& root, const std::vector<std::string>& names) {
  std::map<std::string, NamesOfSplit> by_affix;
  for (const std::string& name : names) {
    const auto split = split_name(name);
    if (split && !subfolders(path_of(root, name)).empty()) by_affix[split->affix][split->split].push_back(name);
  }
  return by_affix;
}

/// True when no folder beside those of the splits has images: a folder `val` beside classes is one of them.
bool stand_alone(const std::string& root, const std::vector<std::string>& names, const NamesOfSplit& splits) {
  return std::none_of(names.begin(), names.end(), [&](const std::string& name) {
    for (const auto& [split, of_split] : splits) {
      if (std::find(of_split.begin(), of_split.end(), name) != of_split.end()) return false;
    }
    return has_images(path_of(root, name));
  });
}

NamesOfSplit chosen_splits(const std::string& root, const std::vector<std::string>& names) {
  std::map<std::string, NamesOfSplit> by_affix = split_names_in(root, names);
  if (const auto plain = by_affix.find(""); plain != by_affix.end()) {
    const NamesOfSplit& splits = plain->second;
    if (splits.contains(Split::train) || splits.contains(Split::test) || stand_alone(root, names, splits)) return splits;
    by_affix.erase(plain);
  }
  std::erase_if(by_affix, [](const auto& group) { return group.second.size() < 2; });
  if (by_affix.empty()) return {};
  if (by_affix.size() == 1) return by_affix.begin()->second;
  throw InputError(root, "one set of splits",
                   "several: " + by_affix.begin()->second.begin()->second.front() + ", " +
                       std::next(by_affix.begin())->second.begin()->second.front() + ", ...",
                   "set data.root to a folder with one of them");
}

/// Class names go into the model file and into pictures, so they have to be text.
void expect_text(const std::string& folder, const std::string& name) {
  if (displayable_utf8(name) == name) return;
  throw InputError(path_of(folder, name), "a class name in UTF-8 without control characters", "other bytes",
                   "rename the folder");
}

/// @throws InputError when all subfolders name splits.
void expect_no_splits(const std::string& folder, const std::vector<std::string>& names) {
  std::set<std::string> affixes;
  for (const std::string& name : names) {
    const auto split = split_name(name);
    if (!split) return;
    affixes.insert(split->affix);
  }
  if (affixes.size() != 1 || (names.size() == 1 && !affixes.contains(""))) return;
  const bool are_flat = std::all_of(names.begin(), names.end(),
                                    [&](const std::string& name) { return subfolders(path_of(folder, name)).empty(); });
  throw InputError(folder, "a folder for each class",
                   (names.size() == 1 ? "a folder of a split: " : "folders of splits: ") + join_names(names),
                   are_flat ? "sort their images into a folder for each class; labels in a table are read by image_list"
                            : advice_on_root(folder, "move the class folders up"));
}

/// @throws InputError when the subfolders contain no images but folders of the same names each.
void expect_no_common_classes(const std::string& folder, const std::vector<std::string>& names) {
  std::vector<std::string> common;
  for (const std::string& name : names) {
    const std::string path = path_of(folder, name);
    if (count_images_in(path) > 0) return;
    std::vector<std::string> inside = subfolders(path);
    if (inside.size() < 2 || (!common.empty() && inside != common)) return;
    common = std::move(inside);
  }
  if (names.size() < 2) return;
  const std::string example = common[0] + ", " + common[1] + (common.size() > 2 ? ", ..." : "");
  throw InputError(
      folder, "a folder for each class, with its images", "folders with the same subfolders each (" + example + ")",
      "if these are the classes, set data.root to one of the folders, e.g. '" + path_of(folder, names[0]) + "'");
}

/// True when a folder reads as a data set.
bool is_root(const std::string& folder) {
  try {
    if (read_folder_layout(folder).has_splits()) return true;
    const std::vector<std::string> names = subfolders(folder);
    return std::count_if(names.begin(), names.end(),
                         [&](const std::string& name) { return count_images_in(path_of(folder, name)) > 0; }) >= 2;
  } catch (const InputError&) {
    return false;
  }
}

/// The nearest folder below `folder` that reads as a data set.
std::optional<std::string> root_below(const std::string& folder) {
  constexpr int kMostFolders = 100;  // an advice must not take long
  std::deque<std::string> waiting{folder};
  for (int seen = 0; !waiting.empty() && seen < kMostFolders; ++seen) {
    const std::string current = std::move(waiting.front());
    waiting.pop_front();
    if (current != folder && is_root(current)) return current;
    try {
      for (const std::string& name : subfolders(current)) waiting.push_back(path_of(current, name));
    } catch (const InputError&) {  // one that cannot be listed
      continue;
    }
  }
  return std::nullopt;
}

/// A CSV or TSV file in a folder.
std::optional<std::string> table_in(const fs::path& folder) {
  std::set<std::string> tables;
  std::error_code failure;
  for (fs::directory_iterator entry(folder, failure), end; !failure && entry != end; entry.increment(failure)) {
    const std::string extension = lower_case(entry->path().extension().string());
    if (extension == ".csv" || extension == ".tsv") tables.insert(entry->path().string());
  }
  return tables.empty() ? std::nullopt : std::optional(*tables.begin());
}

}  // namespace

std::optional<Split> split_of_word(const std::string& word) {
  static const std::map<std::string, Split> kWords = {
      {"train", Split::train},           {"training", Split::train},        {"trainset", Split::train},
      {"traindata", Split::train},       {"val", Split::validation},        {"valid", Split::validation},
      {"validation", Split::validation}, {"valset", Split::validation},     {"dev", Split::validation},
      {"eval", Split::validation},       {"evaluation", Split::validation}, {"test", Split::test},
      {"testing", Split::test},          {"testset", Split::test},          {"testdata", Split::test}};
  const auto found = kWords.find(lower_case(word));
  return found == kWords.end() ? std::nullopt : std::optional(found->second);
}

std::optional<std::string> FolderLayout::of(Split split) const {
  const auto found = folders.find(split);
  return found == folders.end() ? std::nullopt : std::optional(found->second);
}

FolderLayout read_folder_layout(const std::string& root) {
  const std::vector<std::string> names = subfolders(root);
  FolderLayout layout;
  std::set<std::string> chosen;
  for (const auto& [split, of_split] : chosen_splits(root, names)) {
    if (of_split.size() > 1) {
      throw InputError(root, "one folder for the split " + to_string(split), join_names(of_split), "remove or rename one");
    }
    layout.folders[split] = path_of(root, of_split.front());
    chosen.insert(of_split.front());
  }
  if (!layout.has_splits()) return layout;
  std::copy_if(names.begin(), names.end(), std::back_inserter(layout.others),
               [&](const std::string& name) { return !chosen.contains(name); });
  if (layout.folders.contains(Split::validation) && !layout.folders.contains(Split::test)) {
    layout.folders[Split::test] = layout.folders[Split::validation];
    if (layout.folders.contains(Split::train)) layout.folders.erase(Split::validation);
  }
  return layout;
}

std::vector<ClassFolders> read_class_folders(const std::string& folder) {
  const std::vector<std::string> names = subfolders(folder);
  if (names.empty()) {
    throw InputError(folder, "a folder for each class", "none",
                     advice_on_root(folder, "image_folder reads root/train/<class>/<files> or root/<class>/<files>"));
  }
  expect_no_splits(folder, names);
  expect_no_common_classes(folder, names);
  std::map<std::string, std::vector<std::string>> by_name;
  for (const std::string& name : names) {
    expect_text(folder, name);
    by_name[composed_form(name)].push_back(name);
  }
  std::vector<ClassFolders> classes;
  for (auto& [name, folders] : by_name) classes.push_back({name, std::move(folders)});
  return classes;
}

void expect_several_classes(const std::string& folder, const std::vector<ClassFolders>& classes) {
  if (classes.size() != 1) return;
  throw InputError(folder, "folders of at least two classes", "one, '" + classes.front().name + "'",
                   advice_on_root(folder, "add another, or set data.allow_single_class: true"));
}

void expect_no_root_below(const std::string& folder, const std::vector<ClassFolders>& classes) {
  if (classes.size() == 1 && root_below(folder)) expect_several_classes(folder, classes);
}

std::string advice_on_root(const std::string& folder, const std::string& otherwise) {
  if (const auto root = root_below(folder)) return "the folders of classes may be in '" + *root + "': set data.root to it";
  for (const fs::path& place : {fs::path(folder), fs::path(folder) / ".."}) {
    if (const auto table = table_in(place.lexically_normal())) {
      return "if the labels are in '" + *table + "', read it by data.name: image_list";
    }
  }
  return otherwise;
}

}  // namespace fovea
