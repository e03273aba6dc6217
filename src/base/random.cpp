#include <cmath>
#include <numbers>

#include <fovea/base/fnv1a.h>
#include <fovea/base/random.h>

namespace fovea {
namespace {

constexpr std::uint64_t kGolden = 0x9e3779b97f4a7c15;    // 2^64 / golden ratio: SplitMix64's increment
constexpr std::uint64_t kPosition = 0xd1342543de82ef95;  // odd multiplier of absorb()

/// SplitMix64's output function: a bijection in which every input bit affects every output bit.
std::uint64_t mix(std::uint64_t bits) {
  bits = (bits ^ (bits >> 30)) * 0xbf58476d1ce4e5b9;
  bits = (bits ^ (bits >> 27)) * 0x94d049bb133111eb;
  return bits ^ (bits >> 31);
}

/// Adds one coordinate to a key. The factor keeps (1, 2) apart from (2, 1): a plain sum would not.
std::uint64_t absorb(std::uint64_t state, std::uint64_t coordinate) {
  return mix(state * kPosition + mix(coordinate + kGolden));
}

/// The logarithm of a draw from the gamma distribution of this shape and scale 1, by Marsaglia and Tsang, "A Simple Method
/// for Generating Gamma Variables", ACM TOMS 26(3), 2000. The logarithm, because a small shape's draws underflow.
double log_gamma_draw(RandomStream& stream, double shape) {
  if (shape < 1) {  // gamma(shape) = gamma(shape + 1) * u^(1 / shape), their section 6
    const double larger = log_gamma_draw(stream, shape + 1);
    return larger + std::log(1.0 - stream.uniform()) / shape;
  }
  const double d = shape - 1.0 / 3;
  const double c = 1 / std::sqrt(9 * d);
  for (;;) {
    const double x = stream.normal();
    const double u = 1.0 - stream.uniform();
    if (1 + c * x <= 0) continue;
    const double v = std::pow(1 + c * x, 3);
    if (std::log(u) < x * x / 2 + d - d * v + d * std::log(v)) return std::log(d * v);
  }
}

}  // namespace

RandomStream::RandomStream(std::uint64_t seed, Purpose purpose, std::initializer_list<std::uint64_t> key)
    : state_(absorb(mix(seed + kGolden), static_cast<std::uint64_t>(purpose))) {
  for (const std::uint64_t coordinate : key) state_ = absorb(state_, coordinate);
}

RandomStream::result_type RandomStream::operator()() {
  state_ += kGolden;
  return mix(state_);
}

double RandomStream::uniform() {
  return static_cast<double>((*this)() >> 11) * 0x1.0p-53;  // 53 bits: every value is exact
}

std::uint64_t RandomStream::below(std::uint64_t bound) {
  const std::uint64_t uneven = (0 - bound) % bound;  // 2^64 mod bound: draws below it would favour small results
  for (;;) {
    const std::uint64_t draw = (*this)();
    if (draw >= uneven) return draw % bound;
  }
}

double RandomStream::normal() {
  const double radius = std::sqrt(-2.0 * std::log(1.0 - uniform()));  // Box and Muller; 1 - u is never 0
  return radius * std::cos(2.0 * std::numbers::pi * uniform());
}

double RandomStream::beta(double a, double b) {
  const double log_x = log_gamma_draw(*this, a);
  const double log_y = log_gamma_draw(*this, b);
  return 1 / (1 + std::exp(log_y - log_x));  // x / (x + y)
}

RandomStream RandomStream::child(std::uint64_t part) const {
  RandomStream stream = *this;
  stream.state_ = absorb(state_, part);
  return stream;
}

RandomStream RandomStream::child(std::string_view name) const {
  Fnv1a hash;  // spread by absorb()
  hash.absorb({reinterpret_cast<const std::uint8_t*>(name.data()), name.size()});
  return child(hash.state());
}

}  // namespace fovea
