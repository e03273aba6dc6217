#include <fovea/base/error.h>
#include <fovea/eval/glimpse_evaluator.h>
#include <fovea/eval/internal/score_batches.h>

namespace fovea {
namespace {

struct GlimpsePass {
  GlimpseTrajectory trajectory;
  torch::Tensor is_right;  ///< [N]

  Fraction correct() const { return {is_right.sum().item<std::int64_t>(), is_right.size(0)}; }
};

/// Images that only the first, and only the second pass gets right.
PairedCounts compared(const GlimpsePass& first, const GlimpsePass& second) {
  return {(first.is_right & ~second.is_right).sum().item<std::int64_t>(),
          (second.is_right & ~first.is_right).sum().item<std::int64_t>()};
}

GlimpsePass look(Classifier& classifier, const Batch& batch, ForwardContext context, PolicyMode policy,
                 const torch::Tensor& replay = {}) {
  context.policy = policy;
  context.replay = replay;
  const ModelOutput output = classifier.classify(batch, context);
  if (!output.trajectory) throw ShapeError("glimpses", "a network with a glimpse trajectory", "one without");
  return {*output.trajectory, output.logits.argmax(1).eq(batch.labels)};
}

GlimpseEvaluation score_glimpses(Classifier& classifier, const Batch& batch, const ForwardContext& context) {
  GlimpseEvaluation scores;
  const GlimpsePass learned = look(classifier, batch, context, PolicyMode::mean);
  scores.learned.add(learned.trajectory, batch);
  scores.chosen = learned.correct();
  const GlimpsePass random = look(classifier, batch, context, PolicyMode::random);
  scores.random = random.correct();
  scores.against_random = compared(learned, random);
  if (batch.boxes.defined()) scores.random_hits.add(random.trajectory.locations, batch.boxes);
  scores.centre = look(classifier, batch, context, PolicyMode::centre).correct();
  if (batch.size() > 1) {
    const auto others = learned.trajectory.locations.roll(batch.size() / 2, 0);
    const GlimpsePass swapped = look(classifier, batch, context, PolicyMode::replay, others);
    scores.swapped = swapped.correct();
    scores.against_swapped = compared(learned, swapped);
  }
  return scores;
}

}  // namespace

void GlimpseEvaluation::add(const GlimpseEvaluation& other) {
  learned.add(other.learned);
  chosen.add(other.chosen);
  random.add(other.random);
  random_hits.add(other.random_hits);
  centre.add(other.centre);
  swapped.add(other.swapped);
  against_random.add(other.against_random);
  against_swapped.add(other.against_swapped);
}

GlimpseEvaluation evaluate_glimpses(Classifier& classifier, const Loader& loader, const EvaluationOptions& options) {
  return score_batches(
      classifier, loader, options, GlimpseEvaluation{},
      [&](const Batch& batch, const ForwardContext& context) { return score_glimpses(classifier, batch, context); });
}

}  // namespace fovea
