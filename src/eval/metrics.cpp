#include <algorithm>
#include <cmath>

#include <fovea/base/csv.h>
#include <fovea/base/error.h>
#include <fovea/eval/internal/class_scores.h>
#include <fovea/eval/metrics.h>
#include <fovea/nn/shape_text.h>

namespace fovea {
namespace {

constexpr std::size_t kBins = 15;
constexpr std::int64_t kTop = 5;

}  // namespace

ClassificationMetrics::ClassificationMetrics(std::int64_t num_classes)
    : num_classes_(num_classes), bins_(kBins), confusion_(num_classes) {}

void ClassificationMetrics::add(const torch::Tensor& logits, const torch::Tensor& labels) {
  if (logits.dim() != 2 || logits.size(1) != num_classes_ || labels.dim() != 1 || labels.size(0) != logits.size(0)) {
    throw ShapeError("metrics", "logits [N, " + std::to_string(num_classes_) + "] and labels [N]",
                     shape_text(logits) + " and " + shape_text(labels));
  }
  const torch::NoGradGuard no_grad;
  const auto log_scores = log_probabilities(logits);
  const auto truth = labels.to(torch::kCPU, torch::kInt64).contiguous();
  const auto scores = log_scores.accessor<double, 2>();
  const auto classes = truth.accessor<std::int64_t, 1>();

  for (std::int64_t n = 0; n < logits.size(0); ++n) {
    const auto row = scores[n];
    const std::int64_t label = classes[n];
    if (label < 0 || label >= num_classes_) {
      throw InputError("metrics", "labels in [0, " + std::to_string(num_classes_) + ")", std::to_string(label));
    }
    const std::int64_t predicted = highest_class(row);
    std::int64_t better = 0;
    for (std::int64_t k = 0; k < num_classes_; ++k) {
      if (row[k] > row[label] || (row[k] == row[label] && k < label)) ++better;
    }
    if (std::isnan(row[predicted])) throw NumericError("metrics: expected numbers as class scores, got NaN");
    const double probability = std::exp(row[predicted]);
    const auto bin = std::min(kBins - 1, static_cast<std::size_t>(probability * static_cast<double>(kBins)));
    ++images_;
    top1_ += predicted == label;
    top5_ += better < kTop;
    loss_ -= row[label];
    ++bins_[bin].images;
    bins_[bin].correct += predicted == label;
    bins_[bin].probability += probability;
    confusion_.add(label, predicted);
  }
}

void ClassificationMetrics::add(const ClassificationMetrics& other) {
  images_ += other.images_;
  top1_ += other.top1_;
  top5_ += other.top5_;
  loss_ += other.loss_;
  for (std::size_t i = 0; i < kBins; ++i) {
    bins_[i].images += other.bins_[i].images;
    bins_[i].correct += other.bins_[i].correct;
    bins_[i].probability += other.bins_[i].probability;
  }
  confusion_.add(other.confusion_);
}

double ClassificationMetrics::fraction(std::int64_t count) const {
  return images_ == 0 ? 0.0 : static_cast<double>(count) / static_cast<double>(images_);
}

double ClassificationMetrics::loss() const {
  return images_ == 0 ? 0.0 : loss_ / static_cast<double>(images_);
}

double ClassificationMetrics::expected_calibration_error() const {
  return fovea::expected_calibration_error(bins_);
}

namespace {

std::string confusion_pairs_csv(const ConfusionMatrix& confusion, const std::vector<std::string>& classes) {
  std::string csv = "true,predicted,images\n";
  for (const ConfusionMatrix::Cell& cell : confusion.cells()) {
    csv += csv_line({classes[static_cast<std::size_t>(cell.truth)], classes[static_cast<std::size_t>(cell.predicted)],
                     std::to_string(cell.images)});
  }
  return csv;
}

}  // namespace

std::string confusion_csv(const ClassificationMetrics& metrics, const std::vector<std::string>& classes) {
  if (std::ssize(classes) != metrics.confusion().classes()) {
    throw InputError("confusion matrix", std::to_string(metrics.confusion().classes()) + " class names",
                     std::to_string(classes.size()));
  }
  if (metrics.confusion().classes() > kMostClassesOfTable) return confusion_pairs_csv(metrics.confusion(), classes);
  const std::vector<std::vector<std::int64_t>> rows = metrics.confusion().rows();
  std::string csv = "true \\ predicted";
  for (const std::string& name : classes) csv += "," + csv_cell(name);
  csv += "\n";
  for (std::size_t row = 0; row < classes.size(); ++row) {
    csv += csv_cell(classes[row]);
    for (const std::int64_t count : rows[row]) csv += "," + std::to_string(count);
    csv += "\n";
  }
  return csv;
}

}  // namespace fovea
