#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include <fovea/config/config_node.h>
#include <fovea/run/environment.h>
#include <fovea/run/experiment.h>
#include <fovea/run/training.h>

namespace fovea {

struct DryRunOptions {
  std::string device = "auto";
  int threads = available_threads();
  RunObserver* observer = nullptr;            ///< must outlive the dry run
  std::function<bool()> stop_requested = {};  ///< true ends the dry run with Interrupted
};

/// Sizes of an experiment, and the speed and memory of its training on this machine, measured on some updates and on a few
/// batches of evaluation.
struct DryRunReport {
  DataSummary data;
  ImageCounts images;
  std::int64_t parameters = 0;
  std::int64_t trained_parameters = 0;
  std::int64_t macs = 0;          ///< multiply-adds for one image
  std::int64_t memory_bytes = 0;  ///< peak resident memory of the process
  std::int64_t updates = 0;       ///< measured; the first one, a warm-up, counts only when it is the only one
  double images_per_second = 0;
  double evaluation_images_per_second = 0;
  double epoch_seconds = 0;
  double seconds = 0;  ///< of all epochs, without the test
};

/// The document of `fovea train --dry-run --json`.
Json to_json(const DryRunReport& report);

/// Trains and evaluates for a few seconds. Writes no file.
/// @throws InputError when data, preprocessing and network do not fit; Interrupted.
DryRunReport dry_run(const Experiment& experiment, const DryRunOptions& options = {});

}  // namespace fovea
