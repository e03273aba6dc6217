#include <algorithm>
#include <string>
#include <utility>

#include <fovea/base/error.h>
#include <fovea/base/xxhash64.h>
#include <fovea/data/content_record.h>

namespace fovea {
namespace {

/// Never 0, which stands for an image that was not read.
std::uint64_t hash_of(const Image& image) {
  Xxhash64 hash;
  for (const int side : {image.height, image.width, image.channels}) hash.absorb(std::int64_t{side});
  hash.absorb(image.pixels);
  return std::max<std::uint64_t>(hash.value(), 1);
}

class RecordedDataset final : public Dataset {
 public:
  RecordedDataset(std::shared_ptr<const Dataset> dataset, std::shared_ptr<ContentRecord> record)
      : dataset_(std::move(dataset)), record_(std::move(record)) {}

  std::int64_t size() const override { return dataset_->size(); }
  Sample sample(std::int64_t index) const override {
    return compared(index, [&] { return dataset_->sample(index); });
  }
  Sample training_sample(std::int64_t index, const RandomStream& stream) const override {
    return compared(index, [&] { return dataset_->training_sample(index, stream); });
  }
  std::int64_t label(std::int64_t index) const override { return dataset_->label(index); }
  std::uint64_t fingerprint(std::int64_t index) const override { return dataset_->fingerprint(index); }
  const std::vector<std::string>& class_names() const override { return dataset_->class_names(); }
  int channels() const override { return dataset_->channels(); }
  int height() const override { return dataset_->height(); }
  int width() const override { return dataset_->width(); }
  std::string name(std::int64_t index) const override { return dataset_->name(index); }
  bool skips_unreadable() const override { return dataset_->skips_unreadable(); }
  bool reads_files() const override { return dataset_->reads_files(); }

 private:
  template <typename Read>
  Sample compared(std::int64_t index, const Read& read) const {
    try {
      Sample sample = read();
      if (!record_->record(index, sample.image)) throw_changed(index, "another one");
      return sample;
    } catch (const InputError& error) {
      if (record_->has(index)) throw_changed(index, error.what());
      throw;
    }
  }

  [[noreturn]] void throw_changed(std::int64_t index, const std::string& got) const {
    throw Error(dataset_->name(index) + ": expected the image that was read before, got " + got +
                "; restore it and resume, or choose another output directory");
  }

  std::shared_ptr<const Dataset> dataset_;
  std::shared_ptr<ContentRecord> record_;
};

}  // namespace

bool ContentRecord::record(std::int64_t index, const Image& image) {
  const std::uint64_t hash = hash_of(image);
  std::uint64_t before = 0;
  return hashes_[static_cast<std::size_t>(index)].compare_exchange_strong(before, hash) || before == hash;
}

std::vector<std::int64_t> ContentRecord::hashes() const {
  std::vector<std::int64_t> numbers;
  numbers.reserve(hashes_.size());
  for (const auto& hash : hashes_) numbers.push_back(static_cast<std::int64_t>(hash.load()));
  return numbers;
}

void ContentRecord::restore(const std::vector<std::int64_t>& hashes) {
  for (std::size_t i = 0; i < std::min(hashes.size(), hashes_.size()); ++i) {
    hashes_[i] = static_cast<std::uint64_t>(hashes[i]);
  }
}

std::shared_ptr<const Dataset> recorded_dataset(std::shared_ptr<const Dataset> dataset,
                                                std::shared_ptr<ContentRecord> record) {
  return std::make_shared<RecordedDataset>(std::move(dataset), std::move(record));
}

}  // namespace fovea
