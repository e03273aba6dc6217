#include <cstddef>

#include <fovea/config/number_or_null.h>
#include <fovea/run/evaluation_report.h>

namespace fovea {

std::vector<ClassScore> EvaluationReport::per_class() const {
  const std::vector<PrecisionRecall> rates = precision_recall(metrics.confusion());
  std::vector<ClassScore> scores;
  for (std::size_t i = 0; i < classes.size(); ++i) {
    const auto label = static_cast<std::int64_t>(i);
    scores.push_back({label, classes[i], metrics.confusion().images(label), rates[i].recall, rates[i]});
  }
  return scores;
}

namespace {

/// {confusion: a row per true class}; for many classes {confusion: null, confusion_pairs: what occurs}.
Json to_json(const ConfusionMatrix& confusion) {
  if (confusion.classes() <= kMostClassesOfTable) return {{"confusion", confusion.rows()}};
  Json pairs = Json::array();
  for (const ConfusionMatrix::Cell& cell : confusion.cells()) {
    pairs.push_back({{"true", cell.truth}, {"predicted", cell.predicted}, {"images", cell.images}});
  }
  return {{"confusion", nullptr}, {"confusion_pairs", pairs}};
}

}  // namespace

Json to_json(const Interval& interval) {
  return Json::array({interval.low, interval.high});
}

Json to_json(const EvaluationReport& report) {
  Json per_class = Json::array();
  for (const ClassScore& score : report.per_class()) {
    per_class.push_back({{"class", score.label},
                         {"name", score.name},
                         {"images", score.images},
                         {"top1", number_or_null(score.top1)},
                         {"precision", number_or_null(score.rates.precision)},
                         {"recall", number_or_null(score.rates.recall)},
                         {"f1", number_or_null(score.rates.f1)}});
  }
  const ClassificationMetrics& metrics = report.metrics;
  const MacroAverage macro = macro_average(precision_recall(metrics.confusion()));
  Json document = {{"split", to_string(report.split)},
                   {"images", metrics.images()},
                   {"top1", metrics.top1()},
                   {"top1_interval", to_json(metrics.top1_interval())},
                   {"top5", metrics.top5()},
                   {"loss", metrics.loss()},
                   {"ece", metrics.expected_calibration_error()},
                   {"images_per_second", report.images_per_second},
                   {"latency_ms", report.latency_ms},
                   {"parameters", report.parameters},
                   {"macs", report.macs},
                   {"macro", {{"precision", macro.precision}, {"recall", macro.recall}, {"f1", macro.f1}}},
                   {"per_class", per_class}};
  document.update(to_json(metrics.confusion()));
  if (report.glimpses) document.update(to_json(*report.glimpses));
  return document;
}

}  // namespace fovea
