#include <fovea/base/error.h>
#include <fovea/train/objective.h>

namespace fovea {

Loss ClassificationObjective::loss(Classifier& network, const Batch& batch, const TrainingPosition&,
                                   const RandomStream& random) const {
  ForwardContext context;
  context.random = random;
  context.policy = PolicyMode::sample;
  const ModelOutput output = network.classify(batch, context);
  if (!context.choices.empty()) {
    throw InputError("train", "options for the network's hard choices", "none", "see TrainOptions::set_choices()");
  }
  const Targets targets(batch);
  return {class_loss_.with_terms_of(context, targets, class_loss_.mean(output.logits, targets)), output.logits, {}};
}

}  // namespace fovea
