#pragma once

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

#include <fovea/base/error.h>
#include <fovea/base/thread_team.h>
#include <fovea/base/torch_compat.h>
#include <fovea/data/loader.h>
#include <fovea/eval/evaluation_options.h>
#include <fovea/nn/classifier.h>
#include <fovea/nn/evaluation_mode.h>

namespace fovea {

/// Sum of the scores of every batch of the loader, in evaluation mode and without gradients. The result does not depend on
/// the number of threads. The network's mode is restored.
/// @param none scores of no images; their type has add(const Scores&).
/// @param score called as score(const Batch&, const ForwardContext&) from several threads; returns Scores. A pass takes a
/// copy of the context, whose random draws depend on the number of the batch only.
/// @throws Interrupted when stop_requested before the last batches are scored.
template <typename Scores, typename Score>
Scores score_batches(Classifier& classifier, const Loader& loader, const EvaluationOptions& options, const Scores& none,
                     const Score& score) {
  const EvaluationMode mode(classifier);
  const auto useful = std::clamp<std::int64_t>(options.threads, 1, std::max<std::int64_t>(1, loader.batches()));
  ThreadTeam team(static_cast<int>(useful), compat::use_one_operator_thread);
  Scores total = none;
  std::int64_t scored = 0;
  std::vector<Batch> batches;
  const auto score_together = [&] {
    if (batches.empty()) return;
    if (options.stop_requested && options.stop_requested()) throw Interrupted("evaluation stopped");  // not after the last
    std::vector<Scores> parts(batches.size(), none);
    team.run(std::ssize(batches), [&](std::int64_t i) {
      const torch::NoGradGuard no_grad;  // thread-local, so here and not around the team
      ForwardContext context;
      context.random = RandomStream(0, Purpose::forward, {static_cast<std::uint64_t>(scored + i)});
      const auto index = static_cast<std::size_t>(i);
      parts[index] = score(batches[index].to(options.device), context);
    });
    for (const Scores& part : parts) total.add(part);  // in order: sums of floats are not associative
    scored += std::ssize(batches);
    batches.clear();
  };
  BatchStream stream = loader.epoch(0);
  while (auto batch = stream.next()) {
    if (batch->size() == 0) continue;  // all its images were skipped
    batches.push_back(std::move(*batch));
    if (std::ssize(batches) >= team.threads()) score_together();
  }
  score_together();
  return total;
}

}  // namespace fovea
