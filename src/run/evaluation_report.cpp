#include <cstddef>
#include <numeric>

#include <fovea/config/number_or_null.h>
#include <fovea/run/evaluation_report.h>

namespace fovea {

std::vector<ClassScore> EvaluationReport::per_class() const {
  std::vector<ClassScore> scores;
  for (std::size_t i = 0; i < classes.size(); ++i) {
    const auto& row = metrics.confusion()[i];
    ClassScore score{static_cast<std::int64_t>(i), classes[i], std::accumulate(row.begin(), row.end(), std::int64_t{0}), {}};
    if (score.images > 0) score.top1 = static_cast<double>(row[i]) / static_cast<double>(score.images);
    scores.push_back(std::move(score));
  }
  return scores;
}

Json to_json(const EvaluationReport& report) {
  Json per_class = Json::array();
  for (const ClassScore& score : report.per_class()) {
    per_class.push_back(
        {{"class", score.label}, {"name", score.name}, {"images", score.images}, {"top1", number_or_null(score.top1)}});
  }
  const ClassificationMetrics& metrics = report.metrics;
  Json document = {{"split", to_string(report.split)},
                   {"images", metrics.images()},
                   {"top1", metrics.top1()},
                   {"top5", metrics.top5()},
                   {"loss", metrics.loss()},
                   {"ece", metrics.expected_calibration_error()},
                   {"images_per_second", report.images_per_second},
                   {"latency_ms", report.latency_ms},
                   {"parameters", report.parameters},
                   {"macs", report.macs},
                   {"per_class", per_class},
                   {"confusion", metrics.confusion()}};
  if (report.glimpses) document.update(to_json(*report.glimpses));
  return document;
}

}  // namespace fovea
