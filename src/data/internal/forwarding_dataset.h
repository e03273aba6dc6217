#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <fovea/data/dataset.h>

namespace fovea {

/// Another data set as it is: what a derived class does not change is that data set's.
class ForwardingDataset : public Dataset {
 public:
  explicit ForwardingDataset(std::shared_ptr<const Dataset> dataset) : dataset_(std::move(dataset)) {}

  std::int64_t size() const override { return dataset_->size(); }
  Sample sample(std::int64_t index) const override { return dataset_->sample(index); }
  Sample training_sample(std::int64_t index, const RandomStream& stream) const override {
    return dataset_->training_sample(index, stream);
  }
  std::int64_t label(std::int64_t index) const override { return dataset_->label(index); }
  std::uint64_t fingerprint(std::int64_t index) const override { return dataset_->fingerprint(index); }
  bool reads_files() const override { return dataset_->reads_files(); }
  const std::vector<std::string>& class_names() const override { return dataset_->class_names(); }
  int channels() const override { return dataset_->channels(); }
  int height() const override { return dataset_->height(); }
  int width() const override { return dataset_->width(); }
  std::string name(std::int64_t index) const override { return dataset_->name(index); }
  std::optional<std::string> path(std::int64_t index) const override { return dataset_->path(index); }
  bool skips_unreadable() const override { return dataset_->skips_unreadable(); }
  DecodeOptions decode_options() const override { return dataset_->decode_options(); }
  void expect_readable(std::int64_t index) const override { dataset_->expect_readable(index); }
  std::vector<SkippedFiles> skipped_files() const override { return dataset_->skipped_files(); }

 protected:
  const Dataset& forwarded() const { return *dataset_; }

 private:
  std::shared_ptr<const Dataset> dataset_;
};

}  // namespace fovea
