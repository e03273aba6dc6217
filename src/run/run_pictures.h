#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <fovea/data/dataset.h>
#include <fovea/eval/metrics.h>
#include <fovea/train/run_directory.h>

namespace fovea {

/// Draws the learning curves of a run from its metrics.jsonl. @param selected_epoch nothing without validation.
void write_curves(const RunDirectory& run, std::optional<std::int64_t> selected_epoch);

/// Writes what the scores of a split look like: the confusion matrix as CSV and as a picture, and the calibration.
void write_score_pictures(const RunDirectory& run, Split split, const ClassificationMetrics& metrics,
                          const std::vector<std::string>& classes);

}  // namespace fovea
