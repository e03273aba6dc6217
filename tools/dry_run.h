#pragma once

#include <fovea/train/trainer.h>

#include "experiment.h"

namespace fovea {

/// What `fovea train --dry-run` tells: sizes, and speed and memory as measured on the first updates. Writes no file.
Json dry_run(Experiment& experiment, Trainer& trainer, Classifier& network);

void print_dry_run(const Json& facts);

}  // namespace fovea
