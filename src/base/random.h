#pragma once

#include <cstdint>
#include <initializer_list>
#include <limits>
#include <string_view>

namespace fovea {

/// Purpose of a random stream; streams of two purposes are independent.
enum class Purpose : std::uint64_t {
  initialise = 1,
  split = 2,
  shuffle = 3,
  augment = 4,
  forward = 5,
  test = 7,
  benchmark = 8
};

/// Seed where none is given: of a configuration, and of create_model().
inline constexpr std::uint64_t kDefaultSeed = 42;

/// A stream of random numbers that is a pure function of its key, "SplitMix64" (Steele, Lea, Flood: Fast Splittable
/// Pseudorandom Number Generators, OOPSLA 2014). No stream depends on how many draws another one made, so the order in
/// which threads run does not matter and resuming needs counters only. Satisfies UniformRandomBitGenerator.
class RandomStream {
 public:
  using result_type = std::uint64_t;

  /// @param key further coordinates of the draw, e.g. {epoch, sample}.
  RandomStream(std::uint64_t seed, Purpose purpose, std::initializer_list<std::uint64_t> key = {});

  static constexpr result_type min() { return 0; }
  static constexpr result_type max() { return std::numeric_limits<result_type>::max(); }
  result_type operator()();

  /// Uniform in [0, 1).
  double uniform();
  /// Uniform between `minimum` and `maximum`.
  double uniform(double minimum, double maximum) { return minimum + (maximum - minimum) * uniform(); }
  /// Uniform in {0, ..., bound - 1}, without bias. bound > 0.
  std::uint64_t below(std::uint64_t bound);
  /// Standard normal.
  double normal();
  /// Beta distributed, in [0, 1]: density proportional to x^(a - 1) (1 - x)^(b - 1). a, b >= 1e-300.
  double beta(double a, double b);
  bool chance(double probability) { return uniform() < probability; }

  /// Stream of a named or numbered part; its draws do not change this one.
  RandomStream child(std::uint64_t part) const;
  RandomStream child(std::string_view name) const;

 private:
  std::uint64_t state_;
};

}  // namespace fovea
