#pragma once

#include <memory>
#include <string>

#include <fovea/run/training.h>

namespace fovea {

/// Shows the progress of training on stderr. May be called from several threads.
class TrainingDisplay : public RunObserver {
 public:
  /// Prints a line of its own, also when quiet.
  void warn(const std::string& text) override;
};

/// A bar on a terminal, a line per epoch (and every half minute) elsewhere, nothing when quiet.
std::unique_ptr<TrainingDisplay> make_training_progress(bool quiet);

}  // namespace fovea
