#pragma once

#include <optional>

#include <fovea/eval/evaluator.h>
#include <fovea/run/experiment.h>
#include <fovea/train/trainer.h>

namespace fovea {

/// What `fovea train --dry-run` tells: sizes, and speed and memory as measured on some updates and on a few batches of
/// evaluation. Writes no file. @return nothing when it was stopped.
std::optional<Json> dry_run(Experiment& experiment, Trainer& trainer, Classifier& network,
                            const EvaluationOptions& evaluation);

void print_dry_run(const Json& facts);

}  // namespace fovea
