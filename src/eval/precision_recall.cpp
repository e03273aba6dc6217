#include <cstddef>
#include <cstdint>

#include <fovea/eval/fraction.h>
#include <fovea/eval/precision_recall.h>

namespace fovea {

std::vector<PrecisionRecall> precision_recall(const ConfusionMatrix& confusion) {
  struct Counts {
    std::int64_t correct = 0, images = 0, predicted = 0;
  };
  std::vector<Counts> counts(static_cast<std::size_t>(confusion.classes()));
  for (const ConfusionMatrix::Cell& cell : confusion.cells()) {
    counts[static_cast<std::size_t>(cell.truth)].images += cell.images;
    counts[static_cast<std::size_t>(cell.predicted)].predicted += cell.images;
    if (cell.truth == cell.predicted) counts[static_cast<std::size_t>(cell.truth)].correct += cell.images;
  }
  std::vector<PrecisionRecall> scores;
  for (const auto& [correct, images, predicted] : counts) {
    scores.push_back({.precision = Fraction{correct, predicted}.value(),
                      .recall = Fraction{correct, images}.value(),
                      .f1 = Fraction{2 * correct, images + predicted}.value()});
  }
  return scores;
}

MacroAverage macro_average(const std::vector<PrecisionRecall>& classes) {
  MacroAverage sum;
  std::int64_t count = 0;
  for (const PrecisionRecall& scores : classes) {
    if (!scores.f1) continue;
    ++count;
    sum.precision += scores.precision.value_or(0);
    sum.recall += scores.recall.value_or(0);
    sum.f1 += *scores.f1;
  }
  if (count == 0) return {};
  const auto covered = static_cast<double>(count);
  return {sum.precision / covered, sum.recall / covered, sum.f1 / covered};
}

}  // namespace fovea
