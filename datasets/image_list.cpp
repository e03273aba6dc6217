#include <algorithm>
#include <cctype>
#include <charconv>
#include <cmath>
#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <unordered_map>
#include <utility>
#include <vector>

#include <fovea/base/error.h>
#include <fovea/base/unicode_form.h>
#include <fovea/base/utf8.h>
#include <fovea/datasets/image_list.h>
#include <fovea/datasets/internal/data_folder.h>
#include <fovea/datasets/internal/file_dataset.h>
#include <fovea/datasets/internal/folder_layout.h>
#include <fovea/datasets/internal/table.h>
#include <fovea/image/size_text.h>
#include <fovea/options/check.h>
#include <fovea/options/names.h>

namespace fovea {
namespace {

namespace fs = std::filesystem;

/// An image of the table.
struct Entry {
  std::int64_t line = 0;
  std::string path, label;
  std::optional<Split> split;
  std::optional<Box> box;
};

/// Images with boxes.
class ImageList final : public FileDataset {
 public:
  ImageList(FileDataset files, std::string table, std::unordered_map<std::int64_t, Box> boxes)
      : FileDataset(std::move(files)), table_(std::move(table)), boxes_(std::move(boxes)) {}

  Sample sample(std::int64_t index) const override {
    Sample sample = FileDataset::sample(index);
    const auto box = boxes_.find(file(index).row);
    if (box == boxes_.end()) return sample;
    if (box->second.right > sample.image.width || box->second.bottom > sample.image.height) {
      throw InputError(
          table_ + ":" + std::to_string(file(index).row),
          "a box within the image of " + size_text(sample.image.height, sample.image.width) + " (height x width)",
          "one that ends outside", "correct it");
    }
    sample.box = box->second;
    return sample;
  }

 private:
  std::string table_;
  std::unordered_map<std::int64_t, Box> boxes_;  ///< by the line of the table
};

/// Reads entries of a table, row by row.
class EntryReader {
 public:
  EntryReader(const Table& table, const ImageListOptions& options)
      : table_(table),
        extension_(options.extension),
        path_(expect_column(options.path_column, "path_column")),
        label_(expect_column(options.label_column, "label_column")),
        split_(table.find_column(options.split_column)) {
    const bool is_named = options.split_column != ImageListOptions().split_column;
    if (is_named && !split_) expect_column(options.split_column, "split_column");
    for (const char* side : {"left", "top", "right", "bottom"}) {
      if (const auto column = table.find_column(side)) box_.push_back(*column);
    }
    if (box_.size() != 4) box_.clear();
  }

  Entry read(const TableRow& row) {
    Entry entry{row.line, row.cells[path_], composed_form(row.cells[label_]), std::nullopt, box_of(row)};
    for (const auto& [text, what] : {std::pair(entry.path, "a path"), {entry.label, "a label"}}) {
      if (text.empty()) throw InputError(table_.where(row), what, "an empty cell", "fill it in, or remove the line");
    }
    if (displayable_utf8(entry.label) != entry.label) {
      throw InputError(table_.where(row), "a label in UTF-8 without control characters", "other bytes", "save it as UTF-8");
    }
    entry.path += extension_;
    const auto [first, is_new] = lines_.emplace(fs::path(entry.path).lexically_normal().string(), row.line);
    if (!is_new) {
      throw InputError(table_.where(row), "an image that is listed once",
                       "'" + entry.path + "', which is in line " + std::to_string(first->second), "remove one of the lines");
    }
    if (split_) entry.split = split_of(row);
    return entry;
  }

  bool has_splits() const { return split_.has_value(); }

 private:
  std::size_t expect_column(const std::string& name, const char* option) const {
    if (const auto column = table_.find_column(name)) return *column;
    throw InputError(table_.path + ":1", "a column '" + name + "'", join_names(table_.columns),
                     std::string("name the columns in the first line, or set data.") + option + " to one of them");
  }

  Split split_of(const TableRow& row) const {
    const std::string& word = row.cells[*split_];
    if (const auto split = split_of_word(word)) return *split;
    throw InputError(table_.where(row), "a split: train, validation or test", "'" + word + "'", "correct it");
  }

  std::optional<Box> box_of(const TableRow& row) const {
    std::vector<double> sides;
    for (const std::size_t column : box_) {
      const std::string& text = row.cells[column];
      double value = 0;
      const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
      if (error == std::errc() && end == text.data() + text.size() && std::isfinite(value)) sides.push_back(value);
    }
    const auto is_empty = [&](std::size_t column) { return row.cells[column].empty(); };
    if (std::all_of(box_.begin(), box_.end(), is_empty)) return std::nullopt;
    if (sides.size() == 4 && sides[0] >= 0 && sides[1] >= 0 && sides[0] < sides[2] && sides[1] < sides[3]) {
      return Box{sides[0], sides[1], sides[2], sides[3]};
    }
    std::vector<std::string> texts;
    for (const std::size_t column : box_) texts.push_back("'" + row.cells[column] + "'");
    throw InputError(table_.where(row), "a box with 0 <= left < right and 0 <= top < bottom in pixels", join_names(texts),
                     "correct it, or leave all four empty");
  }

  const Table& table_;
  std::string extension_;
  std::size_t path_, label_;
  std::optional<std::size_t> split_;
  std::vector<std::size_t> box_;  ///< columns left, top, right and bottom; empty without them
  std::unordered_map<std::string, std::int64_t> lines_;
};

/// The images of a table, with the splits that they are used in.
struct ImageTable {
  std::vector<Entry> entries;
  bool has_splits = false;
  std::set<Split> splits;  ///< that occur in the column
};

ImageTable read_image_table(const ImageListOptions& options) {
  if (!options.root.empty()) {
    expect_data_folder(options.root, "set data.root to the folder where the paths of the table begin");
  }
  if (options.file.empty()) throw InputError("data.file", "a table of images, CSV or TSV", "an empty text", "set data.file");
  const Table table = read_table(options.file);
  EntryReader reader(table, options);
  ImageTable listed;
  listed.has_splits = reader.has_splits();
  for (const TableRow& row : table.rows) {
    listed.entries.push_back(reader.read(row));
    if (listed.has_splits) listed.splits.insert(*listed.entries.back().split);
  }
  if (listed.entries.empty()) throw InputError(options.file, "images after the first line", "none");
  return listed;
}

/// The split of the table whose rows serve as `split`: validation serves as test in a table without test, and then not as
/// validation unless nothing else is there. None without rows.
std::optional<Split> split_in_table(const ImageTable& listed, Split split) {
  if (listed.splits.contains(split)) {
    const bool stands_for_test = split == Split::validation && !listed.splits.contains(Split::test);
    return stands_for_test && listed.splits.contains(Split::train) ? std::nullopt : std::optional(split);
  }
  return split == Split::test && listed.splits.contains(Split::validation) ? std::optional(Split::validation) : std::nullopt;
}

/// Labels in alphabetical order, or by number when all are whole numbers.
std::vector<std::string> sorted_labels(const std::set<std::string>& labels) {
  std::vector<std::string> names(labels.begin(), labels.end());
  const auto is_number = [](const std::string& name) {
    return name.size() < 16 && std::all_of(name.begin(), name.end(), [](unsigned char c) { return std::isdigit(c) != 0; });
  };
  if (std::all_of(names.begin(), names.end(), is_number)) {
    std::stable_sort(names.begin(), names.end(),
                     [](const std::string& a, const std::string& b) { return std::stoll(a) < std::stoll(b); });
  }
  return names;
}

std::string root_of(const ImageListOptions& options) {
  if (!options.root.empty()) return options.root;
  const std::string folder = fs::path(options.file).parent_path().string();
  return folder.empty() ? "." : folder;
}

/// @param training true: a single class is an error.
std::vector<std::string> class_names_of(const ImageTable& listed, const ImageListOptions& options, bool training) {
  std::set<std::string> labels;
  const bool of_training = listed.splits.contains(Split::train);
  for (const Entry& entry : listed.entries) {
    if (!of_training || entry.split == Split::train) labels.insert(entry.label);
  }
  if (training && labels.size() == 1 && !options.allow_single_class) {
    throw InputError(options.file, "labels of at least two classes", "one, '" + *labels.begin() + "'",
                     "see data.label_column, or set data.allow_single_class: true");
  }
  return sorted_labels(labels);
}

/// Files of each class, in the order of the table. @param wanted the split in the table; None: all. @throws InputError for a
/// label that is no class, and for a missing image.
std::vector<std::vector<LabelledFile>> files_of_classes(const ImageTable& listed,
                                                        const std::vector<std::string>& class_names,
                                                        std::optional<Split> wanted, const ImageListOptions& options) {
  std::unordered_map<std::string, std::int64_t> labels;
  for (const std::string& name : class_names) labels.emplace(name, static_cast<std::int64_t>(labels.size()));
  std::vector<std::vector<LabelledFile>> files(class_names.size());
  const fs::path root = root_of(options);
  for (const Entry& entry : listed.entries) {
    if (wanted && entry.split != wanted) continue;
    const std::string where = options.file + ":" + std::to_string(entry.line);
    const auto label = labels.find(entry.label);
    if (label == labels.end()) {
      throw InputError(where, "one of the " + std::to_string(class_names.size()) + " classes of training",
                       "'" + entry.label + "'", "add training images of it, or remove the line");
    }
    std::error_code failure;
    if (options.on_error == OnError::fail && !fs::exists(root / entry.path, failure)) {
      throw InputError(where, "an image file", "'" + (root / entry.path).string() + "', which does not exist",
                       "see data.root and data.extension; data.on_error: skip ignores such files");
    }
    files[static_cast<std::size_t>(label->second)].push_back({label->second, entry.path, 0, entry.line});
  }
  return files;
}

}  // namespace

void ImageListOptions::visit_fields(FieldVisitor& fields) {
  fields.text("file", file,
              {"table of images, CSV or TSV: path, label, and maybe split, left, top, right, bottom", FieldRole::path});
  fields.text("root", root, {"folder where the paths of the table begin; empty: the folder of the table", FieldRole::path});
  fields.text("path_column", path_column, "column with the image files");
  fields.text("label_column", label_column, "column with the names of the classes");
  fields.text("split_column", split_column,
              {"column with train, validation or test; the table may lack it", FieldRole::splits_data});
  fields.text("extension", extension, "added to each path, e.g. .jpg");
  fields.choice("channels", channels, {{"3", 3}, {"1", 1}}, "3: RGB, 1: grey");
  fields.real("test", test, {.minimum = 0, .maximum = 1, .minimum_open = true, .maximum_open = true},
              {"fraction of each class for the test split, where the table has no splits", FieldRole::splits_data});
  fields.integer("split_seed", split_seed, kNonNegativeInteger, {"seed of that split", FieldRole::splits_data});
  fields.choice("on_error", on_error, {{"fail", OnError::fail}, {"skip", OnError::skip}},
                {"handling of unreadable files: fail with an error, or skip with a warning", FieldRole::effort});
  fields.boolean("allow_single_class", allow_single_class,
                 "accept training images of one class, which is an error otherwise");
  decode.visit_fields(fields);
}

std::vector<Split> image_list_splits(const ImageListOptions& options) {
  const ImageTable listed = read_image_table(options);
  if (!listed.has_splits) return {Split::train, Split::test};
  std::vector<Split> splits;
  for (const Split split : {Split::train, Split::validation, Split::test}) {
    const auto in_table = split_in_table(listed, split);
    const bool is_test = split == Split::validation && !listed.splits.contains(Split::test);
    if (in_table && !is_test) splits.push_back(split);
  }
  return splits;
}

std::shared_ptr<const Dataset> open_image_list(const ImageListOptions& options, Split split) {
  expect_in_range(options, "data");
  const ImageTable listed = read_image_table(options);
  const bool training = split == Split::train;
  const auto wanted = split_in_table(listed, split);
  if (split == Split::validation && !wanted) return nullptr;
  if (listed.has_splits && !wanted) {
    throw InputError(options.file, "images of the split " + to_string(split), "none", "see data.split_column");
  }
  std::vector<std::string> class_names = class_names_of(listed, options, training);
  std::vector<std::vector<LabelledFile>> classes = files_of_classes(listed, class_names, wanted, options);
  const SeededSplit by_seed{options.test, options.split_seed};
  for (std::size_t i = 0; i < classes.size() && !listed.has_splits; ++i) {
    classes[i] = chosen_by_seed(std::move(classes[i]), class_names[i], by_seed, training);
  }
  std::vector<LabelledFile> files = interleaved(std::move(classes));
  expect_selected(files, by_seed);
  std::unordered_map<std::int64_t, Box> boxes;
  for (const Entry& entry : listed.entries) {
    if (entry.box) boxes.emplace(entry.line, *entry.box);
  }
  FileDataset dataset(root_of(options), "", std::move(class_names), std::move(files),
                      {static_cast<int>(options.channels), options.on_error, options.decode.options("data")}, {});
  return std::make_shared<ImageList>(std::move(dataset), options.file, std::move(boxes));
}

}  // namespace fovea
