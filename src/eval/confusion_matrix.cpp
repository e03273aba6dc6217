#include <algorithm>
#include <string>

#include <fovea/base/error.h>
#include <fovea/eval/confusion_matrix.h>

namespace fovea {

ConfusionMatrix::ConfusionMatrix(std::int64_t classes) : classes_(classes) {
  if (classes < 1) throw InputError("confusion matrix", "at least one class", std::to_string(classes));
}

ConfusionMatrix::ConfusionMatrix(const std::vector<std::vector<std::int64_t>>& rows) : ConfusionMatrix(std::ssize(rows)) {
  for (std::int64_t truth = 0; truth < classes_; ++truth) {
    const std::vector<std::int64_t>& row = rows[static_cast<std::size_t>(truth)];
    if (std::ssize(row) != classes_) {
      throw InputError("confusion matrix", "rows of " + std::to_string(classes_) + " counts", std::to_string(row.size()));
    }
    for (std::int64_t predicted = 0; predicted < classes_; ++predicted) {
      add(truth, predicted, row[static_cast<std::size_t>(predicted)]);
    }
  }
}

void ConfusionMatrix::add(std::int64_t truth, std::int64_t predicted, std::int64_t images) {
  for (const std::int64_t label : {truth, predicted}) {
    if (label >= 0 && label < classes_) continue;
    throw InputError("confusion matrix", "classes in [0, " + std::to_string(classes_) + ")", std::to_string(label));
  }
  if (images < 0) throw InputError("confusion matrix", "counts of at least 0", std::to_string(images));
  if (images > 0) images_[{truth, predicted}] += images;
}

void ConfusionMatrix::add(const ConfusionMatrix& other) {
  for (const auto& [pair, images] : other.images_) add(pair.first, pair.second, images);
}

std::int64_t ConfusionMatrix::images(std::int64_t truth, std::int64_t predicted) const {
  const auto found = images_.find({truth, predicted});
  return found == images_.end() ? 0 : found->second;
}

std::int64_t ConfusionMatrix::images(std::int64_t truth) const {
  std::int64_t sum = 0;
  for (auto cell = images_.lower_bound({truth, 0}); cell != images_.end() && cell->first.first == truth; ++cell) {
    sum += cell->second;
  }
  return sum;
}

std::vector<ConfusionMatrix::Cell> ConfusionMatrix::cells() const {
  std::vector<Cell> cells;
  for (const auto& [pair, images] : images_) cells.push_back({pair.first, pair.second, images});
  return cells;
}

std::vector<std::vector<std::int64_t>> ConfusionMatrix::rows() const {
  const auto count = static_cast<std::size_t>(classes_);
  std::vector<std::vector<std::int64_t>> rows(count, std::vector<std::int64_t>(count));
  for (const auto& [pair, images] : images_) {
    rows[static_cast<std::size_t>(pair.first)][static_cast<std::size_t>(pair.second)] = images;
  }
  return rows;
}

}  // namespace fovea
