#include <algorithm>
#include <mutex>
#include <set>
#include <utility>

#include <fovea/base/error.h>
#include <fovea/base/xxhash64.h>
#include <fovea/data/relabelled_dataset.h>
#include <fovea/run/experiment_data.h>
#include <fovea/run/internal/class_lookup.h>

namespace fovea {
namespace {

/// Passes on the first warning about each sample: an unreadable file occurs again in every epoch.
auto once_per_sample(Warn warn) {
  struct Said {
    std::mutex mutex;
    std::set<std::string> names;
  };
  return [warn = std::move(warn), said = std::make_shared<Said>()](const std::string& name, const std::string& why) {
    const std::lock_guard lock(said->mutex);
    if (warn && said->names.insert(name).second) warn("skipped: " + why);
  };
}

std::shared_ptr<const ExperimentConfig> checked(std::shared_ptr<ExperimentConfig> config) {
  expect_valid(*config);
  return config;
}

void expect_channels(const PreprocessOptions& preprocess, const DataField& data, const Dataset& dataset) {
  const auto expected = static_cast<int>(preprocess.mean.size());
  if (expected == dataset.channels()) return;
  throw InputError("data.name",
                   "images of " + std::to_string(expected) + (expected == 1 ? " channel" : " channels") +
                       ", one per value of preprocess.mean",
                   std::to_string(dataset.channels()) + " (" + data.row->name + ")",
                   "choose another data set, or set preprocess.mean and preprocess.std");
}

/// False for a sample that the data set skips as unreadable.
bool is_readable(const Dataset& dataset, std::int64_t index) {
  if (!dataset.skips_unreadable()) return true;
  try {
    dataset.sample(index);
    return true;
  } catch (const InputError&) {
    return false;
  }
}

/// Absorbs what is known of every sample without reading files, and, of other data sets, the pixels of some.
void absorb_dataset(Xxhash64& hash, const Dataset& dataset, const Indices& indices) {
  constexpr std::int64_t kImages = 64;
  const std::int64_t stride = std::max<std::int64_t>(1, std::ssize(indices) / kImages);
  for (std::int64_t i = 0; i < std::ssize(indices); ++i) {
    const std::int64_t index = indices[static_cast<std::size_t>(i)];
    hash.absorb(static_cast<std::int64_t>(dataset.fingerprint(index)));
    const bool reads = i % stride == 0 && !dataset.reads_files() && is_readable(dataset, index);
    if (reads) hash.absorb(dataset.sample(index).image.pixels);
  }
}

}  // namespace

ExperimentData::ExperimentData(ExperimentConfig& config, std::vector<std::string> classes, Warn warn)
    : ExperimentData(std::shared_ptr<ExperimentConfig>(std::shared_ptr<void>(), &config), std::move(classes),
                     std::move(warn)) {}

ExperimentData::ExperimentData(std::shared_ptr<ExperimentConfig> config, std::vector<std::string> classes, Warn warn)
    : config_(checked(std::move(config))),
      classes_(std::move(classes)),
      preprocess_(std::make_shared<const Preprocess>(config_->preprocess)),
      on_skipped_(once_per_sample(std::move(warn))) {}

std::shared_ptr<const Dataset> ExperimentData::open(Split split) const {
  const DataField& data = config_->data;
  std::shared_ptr<const Dataset> dataset = data.row->open(*data.options, split);
  if (dataset == nullptr) {
    if (split == Split::validation) return nullptr;  // split off the training images
    throw InputError("data set '" + data.row->name + "'", "images of the split " + to_string(split), "none",
                     "only a validation split may be missing: fix the data set's open()");
  }
  expect_channels(config_->preprocess, data, *dataset);
  if (classes_.empty()) return dataset;
  const std::vector<std::string> names = named_as_in_model(dataset->class_names(), classes_);
  return relabelled_dataset(std::move(dataset), classes_, names);
}

std::shared_ptr<const Dataset> ExperimentData::recorded(std::shared_ptr<const Dataset> dataset, const std::string& split) {
  if (dataset == nullptr || !dataset->reads_files()) return dataset;
  const auto record = content_records_[split] = std::make_shared<ContentRecord>(dataset->size());
  return recorded_dataset(std::move(dataset), record);
}

const std::map<std::string, std::shared_ptr<ContentRecord>>& ExperimentData::content_records() {
  part(Split::train);
  return content_records_;
}

void ExperimentData::open_training() {
  const DataField& data = config_->data;
  const auto dataset = recorded(open(Split::train), "train");
  const auto own_validation = data.validation ? recorded(open(Split::validation), "validation") : nullptr;
  TrainingSplit split{first_indices(dataset->size(), data.limit), {}};
  if (data.validation && own_validation == nullptr) {
    split = split_validation(split.train, *data.validation, static_cast<std::uint64_t>(config_->seed));
    if (split.validation.empty()) {
      throw InputError("data.validation", "a fraction of at least one image",
                       Json(*data.validation).dump() + " of " + std::to_string(split.train.size()) + " images",
                       "use more, or validation: none");
    }
  }
  parts_[Split::train] = {dataset, std::move(split.train)};
  if (own_validation != nullptr) {
    parts_[Split::validation] = {own_validation, first_indices(own_validation->size(), data.limit)};
  } else {
    parts_[Split::validation] = {dataset, std::move(split.validation)};
  }
}

const ExperimentData::Part& ExperimentData::part(Split split) {
  if (!parts_.contains(split)) {
    if (split == Split::test) {
      const auto dataset = open(split);
      parts_[split] = {dataset, first_indices(dataset->size(), config_->data.limit)};
    } else {
      open_training();
    }
  }
  return parts_.at(split);
}

std::optional<std::pair<int, int>> ExperimentData::image_size() {
  const Dataset& dataset = *part(Split::train).dataset;
  if (dataset.height() < 1 || dataset.width() < 1) return std::nullopt;
  return std::pair(dataset.height(), dataset.width());
}

InputSpec ExperimentData::input() {
  const Dataset& dataset = *part(Split::train).dataset;
  const auto classes = static_cast<std::int64_t>(dataset.class_names().size());
  if (const auto own = image_size()) {
    const auto [height, width] = preprocess_->output_size(own->first, own->second);
    return {dataset.channels(), height, width, classes};
  }
  if (const auto size = preprocess_->fixed_output_size()) {
    return {dataset.channels(), size->first, size->second, classes};
  }
  throw InputError("preprocess",
                   "a size for the network's input, as the images of " + config_->data.row->name + " may differ", "none",
                   "set preprocess.resize and preprocess.crop, e.g. 256 and 224, or resize: [32, 32]");
}

LoaderOptions ExperimentData::loader_options() const {
  LoaderOptions options;
  options.workers = static_cast<int>(config_->data.workers);
  options.on_skipped = on_skipped_;
  return options;
}

std::vector<std::int64_t> ExperimentData::training_images_per_class() {
  const Part& training = part(Split::train);
  std::vector<std::int64_t> images(training.dataset->class_names().size());
  for (const std::int64_t index : training.indices) ++images[static_cast<std::size_t>(training.dataset->label(index))];
  return images;
}

Loader ExperimentData::training_loader() {
  const Part& training = part(Split::train);
  LoaderOptions options = loader_options();
  options.batch_size = config_->train.batch_size;
  options.training = true;
  options.seed = static_cast<std::uint64_t>(config_->seed);
  options.augment = config_->data.augment;
  options.sampling = config_->data.sampler;
  return {training.dataset, training.indices, preprocess_, options};
}

Loader ExperimentData::preview_loader(std::int64_t images, bool augmented) {
  const Part& training = part(Split::train);
  LoaderOptions options = loader_options();
  options.batch_size = images;
  options.training = augmented;
  options.seed = static_cast<std::uint64_t>(config_->seed);
  options.augment = config_->data.augment;
  Indices chosen;
  for (const std::int64_t index : shuffled_indices(training.indices, options.seed, 0)) {
    if (std::ssize(chosen) == images) break;
    if (is_readable(*training.dataset, index)) chosen.push_back(index);
  }
  return {training.dataset, std::move(chosen), preprocess_, options};
}

std::int64_t ExperimentData::evaluation_batch(Split split) {
  // Each thread holds the activations of a batch, whose size must not change with the training batch, nor with the threads.
  constexpr std::int64_t kMostImages = 250;
  constexpr std::int64_t kMostPixels = kMostImages * 100 * 100;
  constexpr std::int64_t kFewestImages = 8;
  const Dataset& dataset = *part(split).dataset;
  auto size = preprocess_->fixed_output_size();
  if (dataset.height() > 0 && dataset.width() > 0) size = preprocess_->output_size(dataset.height(), dataset.width());
  if (!size) return kFewestImages;
  return std::clamp(kMostPixels / (std::int64_t{size->first} * size->second), kFewestImages, kMostImages);
}

Loader ExperimentData::loader(Split split, std::int64_t batches) {
  const Part& chosen = part(split);
  LoaderOptions options = loader_options();
  options.batch_size = evaluation_batch(split);
  Indices indices = chosen.indices;
  if (batches > 0) indices.resize(std::min(indices.size(), static_cast<std::size_t>(batches * options.batch_size)));
  return {chosen.dataset, std::move(indices), preprocess_, options};
}

Json ExperimentData::training_images() {
  Xxhash64 hash;
  Json images = Json::object();
  for (const auto& [name, split] : {std::pair("train", Split::train), {"validation", Split::validation}}) {
    const Part& chosen = part(split);
    absorb_dataset(hash, *chosen.dataset, chosen.indices);
    images[name] = chosen.indices.size();
  }
  images["fingerprint"] = hash.text();
  return images;
}

}  // namespace fovea
