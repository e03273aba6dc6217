#include <algorithm>
#include <set>
#include <string>

#include <fovea/base/torch_compat.h>
#include <fovea/train/shards.h>

namespace fovea {
namespace {

struct TrainedNames {
  std::set<std::string> parameters;
  std::set<std::string> buffers;
};

/// Parameters and buffers of a network in training mode that are not frozen.
TrainedNames trained_names(const torch::nn::Module& network) {
  TrainedNames names;
  for (const auto& module : network.named_modules("", /*include_self=*/true)) {
    const std::string prefix = module.key().empty() ? "" : module.key() + ".";
    for (const auto& item : module.value()->named_parameters(/*recurse=*/false)) {
      if (item.value().requires_grad()) names.parameters.insert(prefix + item.key());
    }
    if (!module.value()->is_training()) continue;
    for (const auto& item : module.value()->named_buffers(/*recurse=*/false)) names.buffers.insert(prefix + item.key());
  }
  return names;
}

StepSums step_sums(const Loss& loss, const Batch& batch) {
  const torch::NoGradGuard no_grad;
  const auto images = static_cast<double>(batch.size());
  const auto correct = loss.logits.argmax(1).eq(batch.labels).sum();
  StepSums sums{loss.total.item<double>() * images, correct.item<std::int64_t>(), batch.size(), {}};
  for (const auto& [name, mean] : loss.parts) {
    sums.parts[name] = mean ? PartSum{*mean * images, batch.size()} : PartSum{};
  }
  return sums;
}

}  // namespace

std::optional<double> PartSum::mean() const {
  return images > 0 ? std::optional(sum / static_cast<double>(images)) : std::nullopt;
}

StepSums& StepSums::operator+=(const StepSums& other) {
  loss += other.loss;
  correct += other.correct;
  images += other.images;
  for (const auto& [name, part] : other.parts) {
    PartSum& total = parts[name];
    total.sum += part.sum;
    total.images += part.images;
  }
  return *this;
}

std::int64_t shards_of_batch(std::int64_t images, std::int64_t most_shards) {
  constexpr std::int64_t kSmallestShard = 32;  // fewer images give noisy batch-norm statistics
  return std::clamp<std::int64_t>(images / kSmallestShard, 1, most_shards);
}

Shards::Shards(std::shared_ptr<Classifier> master, const Build& build, std::int64_t shards, int threads)
    : master_(std::move(master)),
      team_(static_cast<int>(std::clamp<std::int64_t>(threads, 1, shards)), compat::use_one_operator_thread) {
  for (std::int64_t i = 0; i < shards; ++i) replicas_.push_back(make_replica(build));
  const auto names = trained_names(*replicas_.front().network);
  for (const auto& item : master_->named_parameters()) {
    if (names.parameters.contains(item.key())) parameters_.push_back(item.value());
  }
  for (const auto& item : master_->named_buffers()) {
    if (names.buffers.contains(item.key())) buffers_.push_back(item.value());
  }
}

Shards::Replica Shards::make_replica(const Build& build) const {
  Replica replica{build(), {}, {}};
  const auto names = trained_names(*replica.network);
  const auto master_parameters = master_->named_parameters();
  for (auto& item : replica.network->named_parameters()) {
    item.value().set_data(master_parameters[item.key()].data());
    if (names.parameters.contains(item.key())) replica.parameters.push_back(item.value());
  }
  const auto master_buffers = master_->named_buffers();
  for (auto& item : replica.network->named_buffers()) {
    if (names.buffers.contains(item.key())) {
      replica.buffers.push_back(item.value());
    } else {
      item.value().set_data(master_buffers[item.key()].data());
    }
  }
  return replica;
}

void Shards::zero_gradient() {
  for (torch::Tensor& parameter : parameters_) parameter.mutable_grad() = torch::Tensor();
}

StepSums Shards::add_gradient(const Batch& batch, double weight, const Objective& objective,
                              const TrainingPosition& position, const RandomStream& random) {
  const std::int64_t images = batch.size();
  const std::int64_t shards = shards_of_batch(images, std::ssize(replicas_));
  std::vector<StepSums> sums(static_cast<std::size_t>(shards));
  std::vector<double> weights;
  const auto boundary = [&](std::int64_t shard) { return images * shard / shards; };
  for (std::int64_t shard = 0; shard < shards; ++shard) {
    weights.push_back(static_cast<double>(boundary(shard + 1) - boundary(shard)) / static_cast<double>(images));
  }
  team_.run(shards, [&](std::int64_t shard) {
    const auto index = static_cast<std::size_t>(shard);
    const Batch part = batch.slice(boundary(shard), boundary(shard + 1));
    sums[index] = run_shard(replicas_[index], part, objective, position, random.child(static_cast<std::uint64_t>(shard)));
  });
  run_alone([&] {
    average_buffers(weights);
    for (double& shard_weight : weights) shard_weight *= weight;
    add_gradients(weights);
  });
  StepSums total;
  for (const StepSums& sum : sums) total += sum;
  return total;
}

StepSums Shards::run_shard(Replica& replica, const Batch& part, const Objective& objective, const TrainingPosition& position,
                           const RandomStream& random) {
  {
    const torch::NoGradGuard no_grad;
    for (std::size_t i = 0; i < buffers_.size(); ++i) replica.buffers[i].copy_(buffers_[i]);
  }
  for (torch::Tensor& parameter : replica.parameters) parameter.mutable_grad() = torch::Tensor();

  const Loss loss = objective.loss(*replica.network, part, position, random);
  if (loss.total.requires_grad()) loss.total.backward();  // not when every parameter of this loss is frozen
  return step_sums(loss, part);
}

void Shards::run_alone(const std::function<void()>& work) {
  team_.run(1, [&](std::int64_t) { work(); });
}

void Shards::add_gradients(const std::vector<double>& weights) {
  const torch::NoGradGuard no_grad;
  for (std::size_t p = 0; p < parameters_.size(); ++p) {
    torch::Tensor& sum = parameters_[p].mutable_grad();
    for (std::size_t shard = 0; shard < weights.size(); ++shard) {
      const torch::Tensor& gradient = replicas_[shard].parameters[p].grad();
      if (!gradient.defined()) continue;  // the parameter was not used in this pass
      sum = sum.defined() ? sum.add_(gradient, weights[shard]) : gradient * weights[shard];
    }
  }
}

void Shards::average_buffers(const std::vector<double>& weights) {
  const torch::NoGradGuard no_grad;
  for (std::size_t b = 0; b < buffers_.size(); ++b) {
    torch::Tensor average = replicas_[0].buffers[b];
    if (average.is_floating_point()) {  // running statistics; counters are the same everywhere
      average = average * weights[0];
      for (std::size_t shard = 1; shard < weights.size(); ++shard) average.add_(replicas_[shard].buffers[b], weights[shard]);
    }
    buffers_[b].copy_(average);
  }
}

}  // namespace fovea
