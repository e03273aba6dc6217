#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include <torch/torch.h>

#include <fovea/base/random.h>
#include <fovea/base/thread_team.h>
#include <fovea/nn/classifier.h>
#include <fovea/train/objective.h>

namespace fovea {

/// Sums over the images of one or more batches.
struct StepSums {
  double loss = 0;
  std::int64_t correct = 0;
  std::int64_t images = 0;

  StepSums& operator+=(const StepSums& other);
};

/// Computes a batch's gradient in a fixed number of parts. The parts, not the threads that compute them, define the
/// arithmetic: each has its own batch-norm statistics, and gradients are summed in the parts' order, so 1 and 64 threads
/// give the same bits.
class Shards {
 public:
  using Build = std::function<std::shared_ptr<Classifier>()>;

  /// @param master owns parameters and buffers; optimiser and checkpoint see only it. @param build makes another network of
  /// the same description on the same device, which then shares the master's parameter storage. @param threads at most
  /// `shards` are used.
  Shards(std::shared_ptr<Classifier> master, const Build& build, std::int64_t shards, int threads);

  /// Leaves the gradient of the mean loss over the batch in the master's parameters and updates its buffers.
  /// @param random parent of every shard's stream.
  StepSums compute_gradient(const Batch& batch, const Objective& objective, const RandomStream& random);

  /// Runs something under the same conditions as the shards: alone, with single-threaded operators.
  void run_alone(const std::function<void()>& work);

 private:
  struct Replica {
    std::shared_ptr<Classifier> network;
    std::vector<torch::Tensor> parameters;
    std::vector<torch::Tensor> buffers;
  };

  StepSums run_shard(Replica& replica, const Batch& part, const Objective& objective, RandomStream random);
  void sum_gradients(const std::vector<double>& weights);
  void average_buffers(const std::vector<double>& weights);

  std::shared_ptr<Classifier> master_;
  std::vector<torch::Tensor> parameters_;
  std::vector<torch::Tensor> buffers_;
  std::vector<Replica> replicas_;
  ThreadTeam team_;
};

}  // namespace fovea
