#pragma once

#include <optional>
#include <vector>

#include <fovea/eval/confusion_matrix.h>

namespace fovea {

/// Scores of one class, each in [0, 1]: of its images, TP were given it and FN another class; FP images of other classes
/// were given it.
struct PrecisionRecall {
  std::optional<double> precision;  ///< TP / (TP + FP); none for a class that was never predicted
  std::optional<double> recall;     ///< TP / (TP + FN), the top-1 of the class; none for a class without images
  std::optional<double> f1;         ///< 2 TP / (2 TP + FP + FN); none for a class that was never predicted nor has images
};

/// [K] scores, one for each class.
std::vector<PrecisionRecall> precision_recall(const ConfusionMatrix& confusion);

/// Mean of the classes' scores, in which a rare class counts as much as a frequent one.
struct MacroAverage {
  double precision = 0;
  double recall = 0;
  double f1 = 0;  ///< mean of the classes' F1, not the F1 of the two means
};

/// Macro average over the classes that have images or were predicted for one. The precision of a class that was never
/// predicted, and the recall of one without images, count as 0 there. This is what scikit-learn's
/// `precision_recall_fscore_support(truth, predicted, average="macro", zero_division=0)` gives (0 is its default, with a
/// warning); its zero_division=1 would count a class that the network never found as perfectly precise. 0 without images.
MacroAverage macro_average(const std::vector<PrecisionRecall>& classes);

}  // namespace fovea
