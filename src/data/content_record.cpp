#include <algorithm>
#include <string>
#include <utility>

#include <fovea/base/error.h>
#include <fovea/base/xxhash64.h>
#include <fovea/data/content_record.h>
#include <fovea/data/internal/forwarding_dataset.h>

namespace fovea {
namespace {

/// Never 0, which stands for an image that was not read.
std::uint64_t hash_of(const Image& image) {
  Xxhash64 hash;
  for (const int side : {image.height, image.width, image.channels}) hash.absorb(std::int64_t{side});
  hash.absorb(image.pixels);
  return std::max<std::uint64_t>(hash.value(), 1);
}

class RecordedDataset final : public ForwardingDataset {
 public:
  RecordedDataset(std::shared_ptr<const Dataset> dataset, std::shared_ptr<ContentRecord> record)
      : ForwardingDataset(std::move(dataset)), record_(std::move(record)) {}

  Sample sample(std::int64_t index) const override {
    return compared(index, [&] { return forwarded().sample(index); });
  }
  Sample training_sample(std::int64_t index, const RandomStream& stream) const override {
    return compared(index, [&] { return forwarded().training_sample(index, stream); });
  }

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
    throw Error(name(index) + ": expected the image that was read before, got " + got +
                "; restore it and resume, or choose another output folder");
  }

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
