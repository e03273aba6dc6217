#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <torch/torch.h>

#include <fovea/base/random.h>
#include <fovea/base/thread_team.h>
#include <fovea/nn/classifier.h>
#include <fovea/train/objective.h>

namespace fovea {

/// Running sum of a mean over images.
struct PartSum {
  double sum = 0;
  std::int64_t images = 0;  ///< images with a value

  std::optional<double> mean() const;  ///< None without images
};

/// Sums over the images of one or more batches.
struct StepSums {
  double loss = 0;
  std::int64_t correct = 0;
  std::int64_t images = 0;
  std::map<std::string, PartSum> parts;  ///< by name; see Loss::parts

  StepSums& operator+=(const StepSums& other);
};

/// Number of shards of a batch with so many images: each has at least 32, if the batch has as many.
std::int64_t shards_of_batch(std::int64_t images, std::int64_t most_shards);

/// Gradient of a batch, computed in a fixed number of shards. Shards, not threads, define the arithmetic: each shard has its
/// own batch-norm statistics (ghost batch normalisation, "Train longer, generalize better", arXiv:1705.08741), and gradients
/// are summed in the order of the shards. So 1 and 64 threads give the same bits.
class Shards {
 public:
  using Build = std::function<std::shared_ptr<Classifier>()>;

  /// @param master network that owns parameters and buffers; optimiser and checkpoint use only this one. @param build makes
  /// a replica: a network of the same description on the same device, in training mode. Replicas share the parameter storage
  /// of the master. Parameters of a replica that require no gradient, and buffers of its modules in evaluation mode, are
  /// frozen. @param threads at most `shards` are used.
  Shards(std::shared_ptr<Classifier> master, const Build& build, std::int64_t shards, int threads);

  /// Makes the gradients of the master undefined; called before the first batch of an update.
  void zero_gradient();

  /// Adds `weight` times the gradient of the mean loss over the batch to the gradients of the master, and updates its
  /// buffers.
  /// @param weight fraction of the update's images that are in this batch.
  /// @param random parent of every shard's stream.
  StepSums add_gradient(const Batch& batch, double weight, const Objective& objective, const TrainingPosition& position,
                        const RandomStream& random);

  /// Runs `work` under the conditions of the shards: in one thread, with single-threaded operators.
  void run_alone(const std::function<void()>& work);

 private:
  struct Replica {
    std::shared_ptr<Classifier> network;
    std::vector<torch::Tensor> parameters;  ///< not frozen
    std::vector<torch::Tensor> buffers;     ///< not frozen
  };

  Replica make_replica(const Build& build) const;

  StepSums run_shard(Replica& replica, const Batch& part, const Objective& objective, const TrainingPosition& position,
                     const RandomStream& random);
  /// @param weights one per shard.
  void add_gradients(const std::vector<double>& weights);
  void average_buffers(const std::vector<double>& weights);

  std::shared_ptr<Classifier> master_;
  std::vector<Replica> replicas_;
  std::vector<torch::Tensor> parameters_;  ///< of the master; not frozen
  std::vector<torch::Tensor> buffers_;     ///< of the master; not frozen
  ThreadTeam team_;
};

}  // namespace fovea
