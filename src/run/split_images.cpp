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

/// "cat/1.jpg" of data/test/cat/1.jpg.
std::string caption_of(const std::string& path) {
  const fs::path file = path;
  return (file.parent_path().filename() / file.filename()).string();
}

/// Names of the images' files, each once, also where upper and lower case are the same, and their captions.
std::vector<NamedPhoto> files_of(const Subset& images, Split split) {
  const bool has_files = images.dataset->reads_files();
  std::unordered_set<std::string> taken;
  std::unordered_map<std::string, int> numbers;  // the last one behind each wanted name
  std::vector<NamedPhoto> files;
  for (const std::int64_t index : images.indices) {
    const std::string path = images.dataset->name(index);
    const std::string wanted = split_folder(split) + "/" + (has_files ? file_part(path) : padded(index));
    std::string name = wanted;
    int& number = numbers.try_emplace(lower_case(wanted), 1).first->second;
    while (!taken.insert(lower_case(name)).second) name = wanted + "-" + std::to_string(++number);
    files.push_back({path, std::move(name), has_files ? caption_of(path) : path});
  }
  tell_captions_apart(files);
  return files;
}

}  // namespace

std::string split_folder(Split split) {
  return kSplitFolder + to_string(split);
}

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
  files_ = files_of(images_, split);
  readable_ = std::ssize(images_.indices);
}

void SplitImages::expect_apart_from(const std::string& folder) const {
  if (!images_.dataset->reads_files()) return;
  expect_apart(files_, folder);
  expect_no_root(files_, folder);
}

std::optional<LabelledImage> SplitImages::read(std::size_t position, std::string& why) const {
  LabelledImage read{files_[position], {}, 0};
  try {
    Sample sample = images_.dataset->sample(images_.indices[position]);
    read.image = std::move(sample.image);
    read.truth = sample.label;
  } catch (const InputError& error) {
    if (!images_.dataset->skips_unreadable()) throw;
    why = error.what();
    return std::nullopt;
  }
  return read;
}

bool SplitImages::is_wrong(const LabelledImage& image) const {
  try {
    return model_.predict(image.image, {.top_k = 1}).classes.front().label != image.truth;
  } catch (const InputError& error) {
    throw InputError(image.photo.path + ": " + error.what());
  }
}

void SplitImages::warn_of(const std::vector<std::string>& reasons) const {
  for (const std::string& reason : reasons) {
    if (!reason.empty() && options_.warn) options_.warn(reason);
  }
}

SplitImages::Positions SplitImages::find_wrong() {
  const std::size_t count = images_.indices.size();
  std::vector<char> wrong(count);  // not of bool, whose elements share bytes between threads
  std::vector<std::string> reasons(count);
  team_.run(std::ssize(wrong), [&](std::int64_t i) {
    const auto at = static_cast<std::size_t>(i);
    const std::optional<LabelledImage> image = read(at, reasons[at]);
    wrong[at] = image && is_wrong(*image) ? char{1} : char{0};
  });
  warn_of(reasons);
  readable_ = std::count(reasons.begin(), reasons.end(), "");
  Positions positions;
  for (std::size_t i = 0; i < count; ++i) {
    if (wrong[i] != 0) positions.push_back(i);
  }
  return positions;
}

const SplitImages::Positions& SplitImages::wrong_positions() {
  if (!wrong_) wrong_ = find_wrong();
  return *wrong_;
}

std::int64_t SplitImages::wrong() {
  return std::ssize(wrong_positions());
}

std::vector<LabelledImage> SplitImages::read_block(const Positions& positions) {
  std::vector<std::optional<LabelledImage>> block(positions.size());
  std::vector<std::string> reasons(block.size());
  team_.run(std::ssize(block), [&](std::int64_t i) {
    const auto at = static_cast<std::size_t>(i);
    block[at] = read(positions[at], reasons[at]);
  });
  warn_of(reasons);
  std::vector<LabelledImage> images;
  for (std::optional<LabelledImage>& image : block) {
    if (image) images.push_back(*std::move(image));
  }
  return images;
}

std::vector<LabelledImage> SplitImages::next() {
  const std::size_t end = options_.only_wrong ? wrong_positions().size() : images_.indices.size();
  while (given_ < options_.limit && next_ < end) {
    const std::int64_t most = std::min<std::int64_t>(team_.threads(), options_.limit - given_);
    Positions positions;
    for (; next_ < end && std::ssize(positions) < most; ++next_) {
      positions.push_back(options_.only_wrong ? wrong_positions()[next_] : next_);
    }
    std::vector<LabelledImage> images = read_block(positions);
    given_ += std::ssize(images);
    if (!images.empty()) return images;
  }
  return {};
}

}  // namespace fovea
