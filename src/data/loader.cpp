#include <algorithm>
#include <condition_variable>
#include <exception>
#include <map>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include <fovea/base/error.h>
#include <fovea/base/torch_compat.h>
#include <fovea/data/internal/mix.h>
#include <fovea/data/loader.h>
#include <fovea/options/check.h>

namespace fovea {
namespace {

/// As Batch::boxes, float [N, 4]; undefined unless every image has a box.
torch::Tensor relative_boxes(const std::vector<std::optional<Box>>& boxes, const std::vector<Image>& images) {
  const bool all_known = std::all_of(boxes.begin(), boxes.end(), [](const auto& box) { return box.has_value(); });
  if (boxes.empty() || !all_known) return {};
  const auto relative = [](double edge, int side) { return static_cast<float>(2 * edge / side - 1); };
  std::vector<float> edges;
  edges.reserve(4 * boxes.size());
  for (std::size_t n = 0; n < boxes.size(); ++n) {
    const Box& box = *boxes[n];
    const Image& image = images[n];
    edges.insert(edges.end(), {relative(box.left, image.width), relative(box.top, image.height),
                               relative(box.right, image.width), relative(box.bottom, image.height)});
  }
  return torch::tensor(edges, torch::kFloat32).view({-1, 4});
}

}  // namespace

/// Queue of prefetched batches. Workers take batch numbers in order and store results by number; the consumer takes them in
/// order. A worker waits while it is `window` batches ahead of the consumer.
struct BatchStream::State {
  struct Result {
    Batch batch;
    std::exception_ptr failure;
  };

  const Loader* loader = nullptr;
  EpochOrder order;
  std::int64_t epoch = 0;
  std::int64_t end = 0;
  std::int64_t next_to_make = 0;
  std::int64_t next_to_take = 0;
  std::int64_t window = 1;
  bool stopping = false;
  std::map<std::int64_t, Result> ready;
  std::mutex mutex;
  std::condition_variable made;
  std::condition_variable taken;
  std::vector<std::thread> workers;

  void work() {
    compat::use_one_operator_thread();
    std::unique_lock lock(mutex);
    for (;;) {
      taken.wait(lock, [this] { return stopping || next_to_make >= end || next_to_make < next_to_take + window; });
      if (stopping || next_to_make >= end) return;
      const std::int64_t number = next_to_make++;
      lock.unlock();
      Result result;
      try {
        result.batch = loader->batch(order, epoch, number);
      } catch (...) {
        result.failure = std::current_exception();
      }
      lock.lock();
      ready.emplace(number, std::move(result));
      made.notify_one();
    }
  }

  ~State() {
    {
      const std::lock_guard lock(mutex);
      stopping = true;
    }
    taken.notify_all();
    for (std::thread& worker : workers) worker.join();
  }
};

BatchStream::BatchStream(std::unique_ptr<State> state) : state_(std::move(state)) {}
BatchStream::BatchStream(BatchStream&&) noexcept = default;
BatchStream::~BatchStream() = default;

std::optional<Batch> BatchStream::next() {
  State& state = *state_;
  std::unique_lock lock(state.mutex);
  if (state.next_to_take >= state.end) return std::nullopt;
  state.made.wait(lock, [&] { return state.ready.contains(state.next_to_take); });
  State::Result result = std::move(state.ready.extract(state.next_to_take++).mapped());
  lock.unlock();
  state.taken.notify_all();
  if (result.failure) std::rethrow_exception(result.failure);
  return std::move(result.batch);
}

void expect_valid(LoaderOptions& options) {
  expect_positive(options.batch_size, "LoaderOptions: batch_size");
  expect_positive(options.workers, "LoaderOptions: workers");
  if (options.prefetch < 0) {
    throw InputError("LoaderOptions: prefetch", describe(kNonNegativeInteger), std::to_string(options.prefetch));
  }
  if (options.training) options.augment.expect_valid("LoaderOptions: augment");
}

Loader::Loader(std::shared_ptr<const Dataset> dataset, Indices indices, std::shared_ptr<const Preprocess> preprocess,
               LoaderOptions options)
    : dataset_(std::move(dataset)),
      indices_(std::move(indices)),
      preprocess_(std::move(preprocess)),
      options_(std::move(options)),
      mean_(mean_pixel(*preprocess_->normalization())) {
  expect_valid(options_);
  if (options_.training && options_.sampling == Sampling::balanced) classes_ = group_by_class(*dataset_, indices_);
}

std::int64_t Loader::batches() const {
  const std::int64_t full = images() / options_.batch_size;
  const std::int64_t left = images() % options_.batch_size;
  const bool joins_the_last = options_.training && left == 1 && full > 0;
  return full + (left > 0 && !joins_the_last ? 1 : 0);
}

BatchStream Loader::epoch(std::int64_t epoch, std::int64_t first_batch) const {
  auto state = std::make_unique<BatchStream::State>();
  state->loader = this;
  state->order = order(epoch);
  state->epoch = epoch;
  state->end = batches();
  state->next_to_make = state->next_to_take = first_batch;
  state->window = std::int64_t{options_.prefetch} + 1;
  try {
    for (int i = 0; i < options_.workers; ++i) state->workers.emplace_back([raw = state.get()] { raw->work(); });
  } catch (const std::system_error& error) {
    throw SystemError("data: cannot start " + std::to_string(options_.workers) + " workers: " + error.what() +
                      "; use fewer");
  }
  return BatchStream(std::move(state));
}

std::optional<std::string> Loader::path(std::int64_t position) const {
  return dataset_->path(indices_[static_cast<std::size_t>(position)]);
}

EpochOrder Loader::order(std::int64_t epoch) const {
  if (!options_.training) return once_each(indices_);
  if (options_.sampling == Sampling::balanced) return balanced_order(classes_, options_.seed, epoch);
  return once_each(shuffled_indices(indices_, options_.seed, epoch));
}

RandomStream Loader::stream_of(const ImageUse& use, std::int64_t epoch) const {
  const RandomStream first(options_.seed, Purpose::augment,
                           {static_cast<std::uint64_t>(epoch), static_cast<std::uint64_t>(use.index)});
  return use.repetition == 0 ? first : first.child(static_cast<std::uint64_t>(use.repetition));
}

void Loader::prepare(Sample& sample) const {
  if (sample.box) sample.box = preprocess_->prepared_box(*sample.box, sample.image.height, sample.image.width);
  sample.image = (*preprocess_)(std::move(sample.image));
}

void Loader::prepare_augmented(Sample& sample, const RandomStream& stream) const {
  const auto window = options_.augment.window(sample.image.height, sample.image.width, stream);
  sample.image = window ? (*preprocess_)(sample.image, *window) : (*preprocess_)(std::move(sample.image));
  options_.augment.apply(sample.image, stream, mean_);
  sample.box.reset();  // augmentation moves the object
}

std::optional<Sample> Loader::prepared(std::int64_t index, const RandomStream& stream, std::string& why) const {
  try {
    Sample sample = options_.training ? dataset_->training_sample(index, stream.child("sample")) : dataset_->sample(index);
    try {
      options_.training ? prepare_augmented(sample, stream) : prepare(sample);
    } catch (const InputError& error) {
      throw InputError(dataset_->name(index) + ": " + error.what());
    }
    return sample;
  } catch (const InputError& error) {
    if (!dataset_->skips_unreadable()) throw;
    why = error.what();
    if (options_.on_skipped) options_.on_skipped(dataset_->name(index), why);
    return std::nullopt;
  }
}

Sample Loader::prepared_or_next(const EpochOrder& order, std::int64_t position, const RandomStream& stream) const {
  constexpr std::int64_t kMostInARow = 64;
  const auto label_at = [&](std::int64_t at) { return dataset_->label(order[static_cast<std::size_t>(at)].index); };
  const bool same_class = options_.sampling == Sampling::balanced;  // the replacement keeps the classes balanced
  std::int64_t unreadable = 0;
  std::string why;
  for (std::int64_t step = 0; step < std::ssize(order) && unreadable < kMostInARow; ++step) {
    const std::int64_t next = (position + step) % std::ssize(order);
    if (same_class && label_at(next) != label_at(position)) continue;
    if (auto sample = prepared(order[static_cast<std::size_t>(next)].index, stream, why)) return *std::move(sample);
    ++unreadable;
  }
  throw InputError("data", same_class ? "a readable image of every class" : "a readable image",
                   std::to_string(unreadable) + " unreadable ones in a row", "check the files; one of them: " + why);
}

Batch Loader::batch(const Indices& order, std::int64_t epoch, std::int64_t number) const {
  return batch(once_each(order), epoch, number);
}

Batch Loader::batch(const EpochOrder& order, std::int64_t epoch, std::int64_t number) const {
  const std::int64_t begin = number * options_.batch_size;
  const std::int64_t size = std::ssize(order);
  const std::int64_t end = number + 1 == batches() ? size : std::min(size, begin + options_.batch_size);
  std::vector<Image> images;
  std::vector<std::int64_t> labels;
  std::vector<std::optional<Box>> boxes;
  std::vector<RandomStream> streams;
  std::vector<std::int64_t> positions;
  std::string why;
  for (std::int64_t position = begin; position < end; ++position) {
    const ImageUse& use = order[static_cast<std::size_t>(position)];
    const RandomStream stream = stream_of(use, epoch);
    std::optional<Sample> sample =
        options_.training ? prepared_or_next(order, position, stream) : prepared(use.index, stream, why);
    if (!sample) continue;
    images.push_back(std::move(sample->image));
    labels.push_back(sample->label);
    boxes.push_back(sample->box);
    streams.push_back(stream);
    positions.push_back(position);
  }
  const auto mixed = options_.training ? mix_batch(options_.augment, images, labels, streams) : std::nullopt;
  Batch batch = collate_images(images, labels, preprocess_->normalization());
  batch.boxes = relative_boxes(boxes, images);
  if (!options_.training) batch.positions = std::move(positions);
  if (mixed) {
    batch.other_labels = torch::tensor(mixed->other, torch::kInt64);
    batch.lambda = torch::tensor(mixed->lambda, torch::kFloat32);
  }
  return batch;
}

}  // namespace fovea
