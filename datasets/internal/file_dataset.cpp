#include <algorithm>
#include <cmath>
#include <filesystem>
#include <utility>

#include <fovea/base/error.h>
#include <fovea/base/number_text.h>
#include <fovea/base/random.h>
#include <fovea/base/xxhash64.h>
#include <fovea/datasets/internal/file_dataset.h>
#include <fovea/image/decode.h>
#include <fovea/image/quick_check.h>

namespace fovea {
namespace {

/// Does something with a file, whose errors then say how to do without it.
template <typename Work>
auto with_advice(OnError on_error, const Work& work) {
  try {
    return work();
  } catch (const InputError& error) {
    if (on_error == OnError::skip) throw;
    throw InputError(std::string(error.what()) + "; data.on_error: skip ignores such files");
  }
}

}  // namespace

FileDataset::FileDataset(std::string folder, std::string subfolder, std::vector<std::string> class_names,
                         std::vector<LabelledFile> files, FileReading reading, std::vector<SkippedFiles> skipped)
    : folder_(std::move(folder)),
      subfolder_(std::move(subfolder)),
      class_names_(std::move(class_names)),
      files_(std::move(files)),
      reading_(reading),
      skipped_(std::move(skipped)) {}

Sample FileDataset::sample(std::int64_t index) const {
  const std::string path = name(index);
  const auto decode = [&] { return to_channels(decode_image_file(path, reading_.decode), reading_.channels); };
  return {with_advice(reading_.on_error, decode), label(index)};
}

void FileDataset::expect_readable(std::int64_t index) const {
  const std::string path = name(index);
  with_advice(reading_.on_error, [&] { expect_complete_image_file(path); });
}

std::uint64_t FileDataset::fingerprint(std::int64_t index) const {
  std::error_code missing;
  const std::uintmax_t bytes = std::filesystem::file_size(name(index), missing);
  const LabelledFile& chosen = file(index);
  Xxhash64 hash;
  hash.absorb(chosen.label);
  hash.absorb(std::string_view(chosen.path));
  hash.absorb(missing ? -1 : static_cast<std::int64_t>(bytes));
  return hash.value();
}

std::string FileDataset::name(std::int64_t index) const {
  return (std::filesystem::path(folder_) / file(index).path).string();
}

std::optional<std::string> FileDataset::path(std::int64_t index) const {
  return (std::filesystem::path(subfolder_) / file(index).path).string();
}

const LabelledFile& FileDataset::file(std::int64_t index) const {
  if (index < 0 || index >= size()) {
    throw InputError("images in " + folder_, "an index in [0, " + std::to_string(size()) + ")", std::to_string(index));
  }
  return files_[static_cast<std::size_t>(index)];
}

std::vector<LabelledFile> interleaved(std::vector<std::vector<LabelledFile>> classes) {
  std::vector<LabelledFile> files;
  bool more = true;
  for (std::size_t i = 0; more; ++i) {
    more = false;
    for (std::vector<LabelledFile>& of_class : classes) {
      if (i >= of_class.size()) continue;
      files.push_back(std::move(of_class[i]));
      more = true;
    }
  }
  return files;
}

std::vector<LabelledFile> chosen_by_seed(std::vector<LabelledFile> files, const std::string& class_name,
                                         const SeededSplit& split, bool training) {
  const RandomStream of_class = RandomStream(static_cast<std::uint64_t>(split.seed), Purpose::split).child(class_name);
  std::vector<std::pair<std::uint64_t, std::size_t>> draws;
  for (std::size_t i = 0; i < files.size(); ++i) draws.emplace_back(of_class.child(files[i].key())(), i);
  std::sort(draws.begin(), draws.end());
  const auto wanted = std::llround(split.test * static_cast<double>(files.size()));
  const auto testing = static_cast<std::ptrdiff_t>(std::min<std::int64_t>(wanted, std::ssize(files) - 1));
  if (training) draws.erase(draws.begin(), draws.begin() + testing);
  if (!training) draws.erase(draws.begin() + testing, draws.end());
  std::sort(draws.begin(), draws.end(), [](const auto& a, const auto& b) { return a.second < b.second; });
  std::vector<LabelledFile> chosen;
  chosen.reserve(draws.size());
  for (const auto& [draw, index] : draws) chosen.push_back(std::move(files[index]));
  return chosen;
}

void expect_selected(const std::vector<LabelledFile>& files, const SeededSplit& split) {
  if (!files.empty()) return;
  throw InputError("data.test", "a fraction that selects an image of some class", number_text(split.test),
                   "increase it, or add images");
}

}  // namespace fovea
