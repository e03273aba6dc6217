#pragma once

#include <cstdint>
#include <map>
#include <utility>
#include <vector>

namespace fovea {

/// Most classes of a confusion matrix that is written with a number for every pair; a larger one is a list of the pairs that
/// occur.
inline constexpr std::int64_t kMostClassesOfTable = 1000;

/// Counts of images by true and predicted class. Only the pairs that occur are kept: memory grows with the number of images,
/// not with the square of the number of classes.
class ConfusionMatrix {
 public:
  /// Images of one true class that were given one class.
  struct Cell {
    std::int64_t truth = 0;
    std::int64_t predicted = 0;
    std::int64_t images = 0;
  };

  /// @throws InputError unless there is at least one class.
  explicit ConfusionMatrix(std::int64_t classes);
  /// @param rows [K][K] counts, row = true class. @throws InputError for rows of other lengths, or a negative count.
  explicit ConfusionMatrix(const std::vector<std::vector<std::int64_t>>& rows);

  /// Adds images. @throws InputError for a class that is not in [0, K), or a negative number.
  void add(std::int64_t truth, std::int64_t predicted, std::int64_t images = 1);
  /// Adds the counts of a matrix of as many classes.
  void add(const ConfusionMatrix& other);

  std::int64_t classes() const { return classes_; }
  std::int64_t images(std::int64_t truth, std::int64_t predicted) const;
  /// Number of images of a true class.
  std::int64_t images(std::int64_t truth) const;
  /// The pairs with images, by true class, then by predicted class.
  std::vector<Cell> cells() const;
  /// [K][K] all counts, row = true class; for few classes.
  std::vector<std::vector<std::int64_t>> rows() const;

  friend bool operator==(const ConfusionMatrix& one, const ConfusionMatrix& other) = default;

 private:
  std::int64_t classes_;
  std::map<std::pair<std::int64_t, std::int64_t>, std::int64_t> images_;
};

}  // namespace fovea
