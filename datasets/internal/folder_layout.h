#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include <fovea/data/dataset.h>

namespace fovea {

/// The split that a word names, in any case: "Training", "val"; None for another word.
std::optional<Split> split_of_word(const std::string& word);

/// Folders of a data set's splits.
struct FolderLayout {
  std::map<Split, std::string> folders;  ///< paths; empty when the classes are in the root itself
  std::vector<std::string> others;       ///< names of the folders beside them, which are not read

  bool has_splits() const { return !folders.empty(); }
  /// None for a split without a folder.
  std::optional<std::string> of(Split split) const;
};

/// Folders of the splits in a root: `train`, `val` and `test` or words like them, in any case, alone or with a common affix
/// (`seg_train` and `seg_test`), that have subfolders. Without one for the test, that of validation stands for it.
/// @throws InputError when two folders name one split, or when there are several sets of splits.
FolderLayout read_folder_layout(const std::string& root);

/// A class with its folders: those whose names differ in their Unicode form only.
struct ClassFolders {
  std::string name;  ///< in composed form
  std::vector<std::string> folders;
};

/// Classes of a folder, sorted by name. @throws InputError when it has none, when their names are not text, and when its
/// subfolders are no classes: splits, or folders that contain the same classes each.
std::vector<ClassFolders> read_class_folders(const std::string& folder);

/// @throws InputError for a single class, with advice on what may have been meant.
void expect_several_classes(const std::string& folder, const std::vector<ClassFolders>& classes);

/// @throws InputError for a single class that holds a data set itself: one class alone can be scored.
void expect_no_root_below(const std::string& folder, const std::vector<ClassFolders>& classes);

/// Advice for a folder without classes: a root below it, or a table of labels beside its images; else `otherwise`.
std::string advice_on_root(const std::string& folder, const std::string& otherwise);

}  // namespace fovea
