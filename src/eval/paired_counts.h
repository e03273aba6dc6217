#pragma once

#include <cstdint>

namespace fovea {

/// Images that exactly one of two classifications of the same images gets right, as McNemar's test counts them ("Note on the
/// sampling error of the difference between correlated proportions or percentages", 1947, doi:10.1007/BF02295996).
struct PairedCounts {
  std::int64_t first = 0;   ///< right by the first alone
  std::int64_t second = 0;  ///< right by the second alone

  void add(const PairedCounts& other) {
    first += other.first;
    second += other.second;
  }

  /// True when the first is better beyond the noise of the images: the exact one-sided test at 95 %, in which each of the
  /// images falls to either with probability 1/2.
  bool first_is_better() const;
};

}  // namespace fovea
