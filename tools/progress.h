#pragma once

#include <memory>
#include <string>

#include <fovea/train/trainer.h>

namespace fovea {

/// Shows on stderr how training goes. May be called from several threads.
class TrainingDisplay : public TrainingObserver {
 public:
  /// A line of its own.
  virtual void note(const std::string&) {}
  /// The same, also when quiet.
  virtual void warn(const std::string& text);
};

/// A bar on a terminal, a line per epoch (and every half minute) elsewhere, nothing when quiet.
std::unique_ptr<TrainingDisplay> make_training_progress(bool quiet);

}  // namespace fovea
