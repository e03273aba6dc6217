#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <fovea/data/dataset.h>
#include <fovea/eval/metrics.h>
#include <fovea/train/run_directory.h>

namespace fovea {

/// Draws the learning curves of a run from its metrics.jsonl. @param selected_epoch none without validation.
void write_curves(const RunDirectory& run, std::optional<std::int64_t> selected_epoch);

/// Writes pictures of a split's scores: the confusion matrix, also as CSV, and the calibration.
void write_score_pictures(const RunDirectory& run, Split split, const ClassificationMetrics& metrics,
                          const std::vector<std::string>& classes);

}  // namespace fovea
