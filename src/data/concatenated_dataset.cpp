#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include <fovea/base/error.h>
#include <fovea/data/concatenated_dataset.h>

namespace fovea {
namespace {

class ConcatenatedDataset final : public Dataset {
 public:
  explicit ConcatenatedDataset(std::vector<Subset> parts) : parts_(std::move(parts)) {
    for (const Subset& part : parts_) {
      begins_.push_back(size_);
      size_ += std::ssize(part.indices);
    }
  }

  std::int64_t size() const override { return size_; }
  Sample sample(std::int64_t index) const override {
    const auto [dataset, own] = locate(index);
    return dataset->sample(own);
  }
  Sample training_sample(std::int64_t index, const RandomStream& stream) const override {
    const auto [dataset, own] = locate(index);
    return dataset->training_sample(own, stream);
  }
  std::int64_t label(std::int64_t index) const override {
    const auto [dataset, own] = locate(index);
    return dataset->label(own);
  }
  std::uint64_t fingerprint(std::int64_t index) const override {
    const auto [dataset, own] = locate(index);
    return dataset->fingerprint(own);
  }
  bool reads_files() const override { return first().reads_files(); }
  DecodeOptions decode_options() const override { return first().decode_options(); }
  const std::vector<std::string>& class_names() const override { return first().class_names(); }
  int channels() const override { return first().channels(); }
  int height() const override { return shared(&Dataset::height); }
  int width() const override { return shared(&Dataset::width); }
  std::string name(std::int64_t index) const override {
    const auto [dataset, own] = locate(index);
    return dataset->name(own);
  }
  std::optional<std::string> path(std::int64_t index) const override {
    const auto [dataset, own] = locate(index);
    return dataset->path(own);
  }
  bool skips_unreadable() const override { return first().skips_unreadable(); }
  void expect_readable(std::int64_t index) const override {
    const auto [dataset, own] = locate(index);
    dataset->expect_readable(own);
  }
  std::vector<SkippedFiles> skipped_files() const override {
    std::vector<SkippedFiles> all;
    for (const Subset& part : parts_) {
      for (SkippedFiles& skipped : part.dataset->skipped_files()) all.push_back(std::move(skipped));
    }
    return all;
  }

 private:
  const Dataset& first() const { return *parts_.front().dataset; }

  /// The height or width that all parts share; 0 when they differ.
  int shared(int (Dataset::*side)() const) const {
    const int of_first = (first().*side)();
    const bool equal =
        std::all_of(parts_.begin(), parts_.end(), [&](const Subset& part) { return ((*part.dataset).*side)() == of_first; });
    return equal ? of_first : 0;
  }

  std::pair<const Dataset*, std::int64_t> locate(std::int64_t index) const {
    if (index < 0 || index >= size_) {
      throw InputError("concatenated data sets", "an index in [0, " + std::to_string(size_) + ")", std::to_string(index));
    }
    const auto part =
        static_cast<std::size_t>(std::upper_bound(begins_.begin(), begins_.end(), index) - begins_.begin() - 1);
    return {parts_[part].dataset.get(), parts_[part].indices[static_cast<std::size_t>(index - begins_[part])]};
  }

  std::vector<Subset> parts_;
  std::vector<std::int64_t> begins_;
  std::int64_t size_ = 0;
};

}  // namespace

std::shared_ptr<const Dataset> concatenated_dataset(std::vector<Subset> parts) {
  if (parts.empty()) throw InputError("concatenated data sets", "at least one part", "none");
  const Dataset& first = *parts.front().dataset;
  for (const Subset& part : parts) {
    const bool fits = part.dataset->class_names() == first.class_names() && part.dataset->channels() == first.channels() &&
                      part.dataset->skips_unreadable() == first.skips_unreadable();
    if (!fits) throw InputError("concatenated data sets", "the same classes and channels in all parts", "others");
  }
  return std::make_shared<ConcatenatedDataset>(std::move(parts));
}

}  // namespace fovea
