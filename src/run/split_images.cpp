#include <algorithm>
#include <filesystem>
#include <optional>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include <fovea/base/error.h>
#include <fovea/base/torch_compat.h>
#include <fovea/base/utf8.h>
#include <fovea/options/check.h>
#include <fovea/run/split_images.h>

namespace fovea {
namespace {

namespace fs = std::filesystem;

/// Digits of every position, so that names sort like the images.
std::string padded(std::int64_t number) {
  constexpr std::size_t kDigits = 5;
  const std::string digits = std::to_string(number);
  return std::string(kDigits - std::min(kDigits, digits.size()), '0') + digits;
}

/// "cat/1" of data/test/cat/1.jpg. The name of a file has no other dot.
std::string file_part(const std::string& path) {
  const fs::path file = path;
  std::string stem = file.stem().string();
  std::replace(stem.begin(), stem.end(), '.', '_');
  return (file.parent_path().filename() / stem).string();
}

/// Names of the images' files, each once, also where upper and lower case are the same.
std::vector<std::string> names_of_files(const Subset& images, Split split) {
  std::unordered_set<std::string> taken;
  std::unordered_map<std::string, int> numbers;  // the last one behind each wanted name
  std::vector<std::string> names;
  for (const std::int64_t index : images.indices) {
    const bool has_file = images.dataset->reads_files();
    const std::string wanted = to_string(split) + "/" + (has_file ? file_part(images.dataset->name(index)) : padded(index));
    std::string name = wanted;
    int& number = numbers.try_emplace(lower_case(wanted), 1).first->second;
    while (!taken.insert(lower_case(name)).second) name = wanted + "-" + std::to_string(++number);
    names.push_back(std::move(name));
  }
  return names;
}

}  // namespace

SplitImages::SplitImages(const Model& model, Split split, const SplitImagesOptions& options)
    : model_(model),
      split_(split),
      options_(options),
      images_(model.data(split, options.warn, options.note).images(split)),
      team_(options.threads, compat::use_one_operator_thread) {
  expect_positive(options.limit, "limit");
  if (images_.indices.empty()) {
    throw InputError("split " + to_string(split), "a split with images", "an empty one", "see data.validation");
  }
  file_names_ = names_of_files(images_, split);
}

void SplitImages::expect_apart_from(const std::string& folder) const {
  if (!images_.dataset->reads_files()) return;
  std::vector<NamedPhoto> files;
  for (std::size_t i = 0; i < file_names_.size(); ++i) {
    files.push_back({images_.dataset->name(images_.indices[i]), file_names_[i]});
  }
  expect_apart(files, folder);
}

std::optional<LabelledImage> SplitImages::read(std::size_t position, std::string& why) const {
  const std::int64_t index = images_.indices[position];
  const std::string name = images_.dataset->name(index);
  LabelledImage read{{name, file_names_[position]}, {}, 0};
  try {
    Sample sample = images_.dataset->sample(index);
    read.image = std::move(sample.image);
    read.truth = sample.label;
  } catch (const InputError& error) {
    if (!images_.dataset->skips_unreadable()) throw;
    why = error.what();
    return std::nullopt;
  }
  if (!options_.only_wrong) return read;
  try {
    const bool is_right = model_.predict(read.image, {.top_k = 1}).classes.front().label == read.truth;
    return is_right ? std::nullopt : std::optional(std::move(read));
  } catch (const InputError& error) {
    throw InputError(name + ": " + error.what());
  }
}

std::vector<LabelledImage> SplitImages::read_block() {
  const std::size_t begin = position_;
  position_ = std::min(images_.indices.size(), begin + static_cast<std::size_t>(team_.threads()));
  std::vector<std::optional<LabelledImage>> block(position_ - begin);
  std::vector<std::string> reasons(block.size());
  team_.run(std::ssize(block), [&](std::int64_t i) {
    const auto at = static_cast<std::size_t>(i);
    block[at] = read(begin + at, reasons[at]);
  });
  std::vector<LabelledImage> images;
  for (std::size_t i = 0; i < block.size(); ++i) {
    if (block[i]) images.push_back(*std::move(block[i]));
    if (!reasons[i].empty() && options_.warn) options_.warn(reasons[i]);
  }
  return images;
}

std::vector<LabelledImage> SplitImages::next() {
  while (given_ < options_.limit && position_ < images_.indices.size()) {
    std::vector<LabelledImage> images = read_block();
    const std::int64_t count = std::min(options_.limit - given_, std::ssize(images));
    images.erase(images.begin() + count, images.end());
    given_ += count;
    if (count > 0) return images;
  }
  return {};
}

}  // namespace fovea
