#include <algorithm>
#include <iterator>
#include <mutex>
#include <set>
#include <utility>

#include <fovea/base/error.h>
#include <fovea/base/thread_team.h>
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

std::shared_ptr<const ExperimentConfig> expect_valid_config(std::shared_ptr<ExperimentConfig> config) {
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

std::vector<std::int64_t> images_per_class(const Subset& subset) {
  std::vector<std::int64_t> images(subset.dataset->class_names().size());
  for (const std::int64_t index : subset.indices) ++images[static_cast<std::size_t>(subset.dataset->label(index))];
  return images;
}

struct Unreadable {
  std::string name, why;
};

/// Samples that fail Dataset::expect_readable(), in order.
std::vector<Unreadable> unreadable_in(const Subset& subset, int threads, const std::function<bool()>& stop_requested) {
  constexpr std::int64_t kFilesAtOnce = 4096;  // between two questions whether to stop
  ThreadTeam team(threads);
  std::vector<Unreadable> all;
  for (std::int64_t begin = 0; begin < std::ssize(subset.indices); begin += kFilesAtOnce) {
    if (begin > 0 && stop_requested && stop_requested()) throw Interrupted("check of the images: stopped on request");
    const std::int64_t count = std::min(kFilesAtOnce, std::ssize(subset.indices) - begin);
    std::vector<std::string> reasons(static_cast<std::size_t>(count));
    const auto index_of = [&](std::int64_t i) { return subset.indices[static_cast<std::size_t>(begin + i)]; };
    team.run(count, [&](std::int64_t i) {
      try {
        subset.dataset->expect_readable(index_of(i));
      } catch (const InputError& error) {
        reasons[static_cast<std::size_t>(i)] = error.what();
      }
    });
    for (std::int64_t i = 0; i < count; ++i) {
      const std::string& why = reasons[static_cast<std::size_t>(i)];
      if (!why.empty()) all.push_back({subset.dataset->name(index_of(i)), why});
    }
  }
  return all;
}

/// @throws InputError when the data set does not skip unreadable files, or nothing else is left.
void expect_skippable(const Subset& subset, Split split, const std::vector<Unreadable>& found) {
  if (found.size() == subset.indices.size()) {
    throw InputError("data", "readable " + to_string(split) + " images", "none", found.front().why);
  }
  if (subset.dataset->skips_unreadable()) return;
  const std::string count =
      found.size() == 1 ? "" : " (as " + std::to_string(found.size() - 1) + " more in " + to_string(split) + ")";
  throw InputError(found.front().why + count);
}

}  // namespace

ExperimentData::ExperimentData(ExperimentConfig& config, std::vector<std::string> classes, Warn warn)
    : ExperimentData(std::shared_ptr<ExperimentConfig>(std::shared_ptr<void>(), &config), std::move(classes),
                     std::move(warn)) {}

ExperimentData::ExperimentData(std::shared_ptr<ExperimentConfig> config, std::vector<std::string> classes, Warn warn)
    : config_(expect_valid_config(std::move(config))),
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

Subset ExperimentData::open_first(Split split) {
  std::shared_ptr<const Dataset> dataset = open(split);
  if (dataset == nullptr) return {};
  if (split != Split::test) dataset = recorded(std::move(dataset), split);
  Indices indices = first_indices(dataset->size(), config_->data.limit);
  return {std::move(dataset), std::move(indices)};
}

std::shared_ptr<const Dataset> ExperimentData::recorded(std::shared_ptr<const Dataset> dataset, Split split) {
  if (!dataset->reads_files()) return dataset;
  const std::string name = split == Split::train ? "train" : "validation";
  const auto record = content_records_[name] = std::make_shared<ContentRecord>(dataset->size());
  return recorded_dataset(std::move(dataset), record);
}

const std::map<std::string, std::shared_ptr<ContentRecord>>& ExperimentData::content_records() {
  part(Split::train);
  return content_records_;
}

void ExperimentData::open_training() {
  const DataField& data = config_->data;
  Subset training = open_first(Split::train);
  if (data.validation && !parts_.contains(Split::validation)) open_validation();
  if (!parts_.contains(Split::validation)) {
    TrainingSplit split{training.indices, {}};
    if (data.validation) {
      split = split_validation(split.train, *data.validation, static_cast<std::uint64_t>(config_->seed));
      if (split.validation.empty()) {
        throw InputError("data.validation", "a fraction of at least one image",
                         Json(*data.validation).dump() + " of " + std::to_string(split.train.size()) + " images",
                         "use more, or validation: none");
      }
    }
    training.indices = std::move(split.train);
    parts_[Split::validation] = {training.dataset, std::move(split.validation)};
  }
  parts_[Split::train] = std::move(training);
}

void ExperimentData::open_validation() {
  Subset own = open_first(Split::validation);
  if (own.dataset != nullptr) parts_[Split::validation] = std::move(own);
}

Subset ExperimentData::every_image() {
  const DataField& data = config_->data;
  std::vector<Split> splits = {Split::train, Split::test};
  if (data.row->splits) splits = data.row->splits(*data.options);
  std::vector<Subset> parts;
  for (const Split split : splits) parts.push_back(open_first(split));
  const auto dataset = concatenated_dataset(std::move(parts));
  return {dataset, first_indices(dataset->size(), 0)};
}

const Subset& ExperimentData::part(Split split) {
  if (parts_.contains(split)) return parts_.at(split);
  if (split == Split::validation && config_->data.validation) open_validation();
  if (split == Split::test) parts_[split] = open_first(split);
  if (split == Split::all) parts_[split] = every_image();
  if (!parts_.contains(split)) open_training();
  return parts_.at(split);
}

Split ExperimentData::any_split() const {
  const DataField& data = config_->data;
  if (!data.row->splits) return Split::test;
  const std::vector<Split> splits = data.row->splits(*data.options);
  return splits.empty() ? Split::test : splits.back();
}

std::optional<std::pair<int, int>> ExperimentData::image_size(Split split) {
  const Dataset& dataset = *part(split).dataset;
  if (dataset.height() < 1 || dataset.width() < 1) return std::nullopt;
  return std::pair(dataset.height(), dataset.width());
}

InputSpec ExperimentData::input(Split split) {
  const Dataset& dataset = *part(split).dataset;
  const auto classes = static_cast<std::int64_t>(dataset.class_names().size());
  if (const auto own = image_size(split)) {
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
  return images_per_class(part(Split::train));
}

Loader ExperimentData::training_loader() {
  const Subset& training = part(Split::train);
  LoaderOptions options = loader_options();
  options.batch_size = config_->train.batch_size;
  options.training = true;
  options.seed = static_cast<std::uint64_t>(config_->seed);
  options.augment = config_->data.augment;
  options.sampling = config_->data.sampler;
  return {training.dataset, training.indices, preprocess_, options};
}

Loader ExperimentData::preview_loader(std::int64_t images, bool augmented) {
  const Subset& training = part(Split::train);
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
  auto size = preprocess_->fixed_output_size();
  if (const auto own = image_size(split)) size = preprocess_->output_size(own->first, own->second);
  if (!size) return kFewestImages;
  return std::clamp(kMostPixels / (std::int64_t{size->first} * size->second), kFewestImages, kMostImages);
}

Loader ExperimentData::loader(Split split, std::int64_t batches) {
  const Subset& chosen = part(split);
  LoaderOptions options = loader_options();
  options.batch_size = evaluation_batch(split);
  Indices indices = chosen.indices;
  if (batches > 0) indices.resize(std::min(indices.size(), static_cast<std::size_t>(batches * options.batch_size)));
  return {chosen.dataset, std::move(indices), preprocess_, options};
}

DataSummary ExperimentData::summary(const std::vector<Split>& splits) {
  DataSummary summary;
  summary.name = config_->data.row->name;
  std::map<std::string, FileCounts> skipped;  // by folder, as splits may share one
  for (const Split split : splits) {
    const Subset& chosen = part(split);
    if (summary.splits.empty()) {
      summary.classes = chosen.dataset->class_names();
      summary.images_per_class = images_per_class(chosen);
    }
    if (!chosen.indices.empty()) summary.splits.emplace_back(split, std::ssize(chosen.indices));
    for (SkippedFiles& of_folder : chosen.dataset->skipped_files()) {
      skipped[of_folder.folder] = std::move(of_folder.counts);
    }
    if (unreadable_[split] > 0) summary.skipped["unreadable images"] += unreadable_[split];
  }
  for (const auto& [folder, counts] : skipped) {
    for (const auto& [kind, count] : counts) summary.skipped[kind] += count;
  }
  return summary;
}

void ExperimentData::check(const std::vector<Split>& splits, int threads, const Warn& note,
                           const std::function<bool()>& stop_requested) {
  std::vector<Unreadable> skipped;
  for (const Split split : splits) {
    const Subset& chosen = part(split);
    std::vector<Unreadable> found = unreadable_in(chosen, threads, stop_requested);
    unreadable_[split] = std::ssize(found);
    if (!found.empty()) expect_skippable(chosen, split, found);
    skipped.insert(skipped.end(), std::make_move_iterator(found.begin()), std::make_move_iterator(found.end()));
  }
  if (note) note("data: " + describe(summary(splits)));
  for (const Unreadable& file : skipped) on_skipped_(file.name, file.why);
}

Json ExperimentData::training_images() {
  Xxhash64 hash;
  Json images = Json::object();
  for (const auto& [name, split] : {std::pair("train", Split::train), {"validation", Split::validation}}) {
    const Subset& chosen = part(split);
    absorb_dataset(hash, *chosen.dataset, chosen.indices);
    images[name] = chosen.indices.size();
  }
  images["fingerprint"] = hash.text();
  return images;
}

}  // namespace fovea
