#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <fovea/config/config_node.h>
#include <fovea/data/dataset.h>
#include <fovea/eval/metrics.h>
#include <fovea/eval/precision_recall.h>
#include <fovea/run/glimpse_scores.h>

namespace fovea {

/// Score of a network on the images of one class.
struct ClassScore {
  std::int64_t label = 0;
  std::string name;
  std::int64_t images = 0;
  std::optional<double> top1;  ///< in [0, 1]; none without images
  PrecisionRecall rates;       ///< precision, recall (which is the top-1) and F1
};

/// Scores of a network on a split.
struct EvaluationReport {
  Split split = Split::test;
  std::vector<std::string> classes;
  ClassificationMetrics metrics;  ///< top-1, loss, calibration, confusion and more
  double images_per_second = 0;
  double latency_ms = 0;  ///< of one image alone
  std::int64_t parameters = 0;
  std::int64_t macs = 0;                  ///< multiply-adds for one image
  std::optional<GlimpseScores> glimpses;  ///< of a network that takes glimpses

  /// One score per class, in the order of `classes`.
  std::vector<ClassScore> per_class() const;
};

/// [low, high].
Json to_json(const Interval& interval);

/// The document of `fovea eval --json`.
Json to_json(const EvaluationReport& report);

}  // namespace fovea
