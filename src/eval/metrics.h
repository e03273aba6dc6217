#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <torch/torch.h>

#include <fovea/eval/calibration_bin.h>
#include <fovea/eval/confusion_matrix.h>
#include <fovea/eval/interval.h>

namespace fovea {

/// Metrics of a classifier: accuracy, loss, calibration and confusion matrix. Sums over images, never means of batch means.
class ClassificationMetrics {
 public:
  /// @param num_classes K. @throws InputError unless K >= 1.
  explicit ClassificationMetrics(std::int64_t num_classes);

  /// Adds a batch. @param logits float [N, K]. @param labels int64 [N] in [0, K). @throws ShapeError for other shapes,
  /// InputError for other labels, NumericError for logits that are NaN.
  void add(const torch::Tensor& logits, const torch::Tensor& labels);
  /// Adds the counts of other images.
  void add(const ClassificationMetrics& other);

  std::int64_t images() const { return images_; }
  double top1() const { return fraction(top1_); }  ///< in [0, 1]; 0 without images
  Interval top1_interval() const { return wilson_interval({top1_, images_}); }
  double top5() const { return fraction(top5_); }  ///< true class among the five highest (all, when K <= 5)
  double loss() const;                             ///< mean cross-entropy in nats

  /// Expected calibration error with 15 equal bins of the highest probability ("On Calibration of Modern Neural Networks",
  /// arXiv:1706.04599): sum over bins of (fraction of images) x |accuracy - mean probability|.
  double expected_calibration_error() const;
  /// The bins of the calibration error.
  const std::vector<CalibrationBin>& calibration() const { return bins_; }

  const ConfusionMatrix& confusion() const { return confusion_; }

 private:
  double fraction(std::int64_t count) const;

  std::int64_t num_classes_;
  std::int64_t images_ = 0;
  std::int64_t top1_ = 0;
  std::int64_t top5_ = 0;
  double loss_ = 0;
  std::vector<CalibrationBin> bins_;
  ConfusionMatrix confusion_;
};

/// The confusion matrix as CSV: a header of predicted classes, one row per true class; with more than kMostClassesOfTable
/// classes a row `true,predicted,images` for each pair that occurs. Names are quoted where CSV requires it.
std::string confusion_csv(const ClassificationMetrics& metrics, const std::vector<std::string>& classes);

}  // namespace fovea
