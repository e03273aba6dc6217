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

/// A mean over images that is still being summed.
struct PartSum {
  double sum = 0;
  std::int64_t images = 0;  ///< those that told; 0 when none did

  std::optional<double> mean() const;
};

/// Sums over the images of one or more batches.
struct StepSums {
  double loss = 0;
  std::int64_t correct = 0;
  std::int64_t images = 0;
  std::map<std::string, PartSum> parts;  ///< by name; see Loss::parts

  StepSums& operator+=(const StepSums& other);
};

/// Computes a batch's gradient in a fixed number of parts. The parts, not the threads that compute them, define the
/// arithmetic: each has its own batch-norm statistics, and gradients are summed in the parts' order, so 1 and 64 threads
/// give the same bits.
class Shards {
 public:
  using Build = std::function<std::shared_ptr<Classifier>()>;

  /// @param master owns parameters and buffers; optimiser and checkpoint see only it. @param build makes another network of
  /// the same description on the same device, ready to train; it then shares the master's parameter storage. Parameters that
  /// require no gradient there, and buffers of modules that are in evaluation mode there, are frozen. @param threads at most
  /// `shards` are used.
  Shards(std::shared_ptr<Classifier> master, const Build& build, std::int64_t shards, int threads);

  /// Makes the master's gradients undefined, before the first batch of an update.
  void zero_gradient();

  /// Adds `share` times the gradient of the mean loss over the batch to the master's gradients, and updates its buffers.
  /// @param random parent of every shard's stream.
  StepSums add_gradient(const Batch& batch, double share, const Objective& objective, const TrainingPosition& position,
                        const RandomStream& random);

  /// Runs something under the same conditions as the shards: alone, with single-threaded operators.
  void run_alone(const std::function<void()>& work);

 private:
  struct Replica {
    std::shared_ptr<Classifier> network;
    std::vector<torch::Tensor> parameters;  ///< that are trained
    std::vector<torch::Tensor> buffers;     ///< that training changes
  };

  Replica make_replica(const Build& build) const;

  StepSums run_shard(Replica& replica, const Batch& part, const Objective& objective, const TrainingPosition& position,
                     const RandomStream& random);
  /// @param weights of each shard's gradient.
  void add_gradients(const std::vector<double>& weights);
  void average_buffers(const std::vector<double>& weights);

  std::shared_ptr<Classifier> master_;
  std::vector<Replica> replicas_;
  std::vector<torch::Tensor> parameters_;  ///< the master's that are trained
  std::vector<torch::Tensor> buffers_;     ///< the master's that training changes
  ThreadTeam team_;
};

}  // namespace fovea
