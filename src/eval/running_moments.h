#pragma once

#include <cmath>
#include <cstdint>

namespace fovea {

/// Running mean and standard deviation, numerically stable: B. P. Welford, "Note on a Method for Calculating Corrected Sums
/// of Squares and Products", Technometrics 4(3), 1962. Two of them are merged as in Chan, Golub and LeVeque, "Updating
/// Formulae and a Pairwise Algorithm for Computing Sample Variances", COMPSTAT 1982.
class RunningMoments {
 public:
  void add(double number) {
    ++count_;
    const double step = number - mean_;
    mean_ += step / static_cast<double>(count_);
    squares_ += step * (number - mean_);
  }

  /// Merges the numbers of another.
  void add(const RunningMoments& other) {
    if (other.count_ == 0) return;
    const auto own = static_cast<double>(count_);
    const auto others = static_cast<double>(other.count_);
    const double step = other.mean_ - mean_;
    mean_ += step * others / (own + others);
    squares_ += other.squares_ + step * step * own * others / (own + others);
    count_ += other.count_;
  }

  /// 0 without numbers.
  double mean() const { return mean_; }
  /// sqrt(mean of (number - mean)^2); 0 without numbers.
  double standard_deviation() const { return count_ == 0 ? 0.0 : std::sqrt(squares_ / static_cast<double>(count_)); }

 private:
  std::int64_t count_ = 0;
  double mean_ = 0;
  double squares_ = 0;  ///< sum of (number - mean)^2
};

}  // namespace fovea
