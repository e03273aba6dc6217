#include <algorithm>
#include <bit>
#include <cstdio>
#include <cstring>

#include <fovea/base/byte_order.h>
#include <fovea/base/xxhash64.h>

namespace fovea {
namespace {

constexpr std::uint64_t kPrime1 = 0x9e3779b185ebca87;
constexpr std::uint64_t kPrime2 = 0xc2b2ae3d27d4eb4f;
constexpr std::uint64_t kPrime3 = 0x165667b19e3779f9;
constexpr std::uint64_t kPrime4 = 0x85ebca77c2b2ae63;
constexpr std::uint64_t kPrime5 = 0x27d4eb2f165667c5;

template <typename Number>
Number load(const std::uint8_t* bytes) {
  if constexpr (std::endian::native != std::endian::little) {
    return load_little_endian<Number>(std::span(bytes, sizeof(Number)));
  } else {  // which compilers do not always make of the loop
    Number number{};
    std::memcpy(&number, bytes, sizeof number);
    return number;
  }
}

std::uint64_t round_of(std::uint64_t lane, std::uint64_t input) {
  return std::rotl(lane + input * kPrime2, 31) * kPrime1;
}

std::uint64_t merged(std::uint64_t hash, std::uint64_t lane) {
  return (hash ^ round_of(0, lane)) * kPrime1 + kPrime4;
}

std::uint64_t avalanche(std::uint64_t hash) {
  hash = (hash ^ (hash >> 33)) * kPrime2;
  hash = (hash ^ (hash >> 29)) * kPrime3;
  return hash ^ (hash >> 32);
}

}  // namespace

void Xxhash64::absorb_stripe(const std::uint8_t* stripe) {
  for (std::size_t i = 0; i < lanes_.size(); ++i) lanes_[i] = round_of(lanes_[i], load<std::uint64_t>(stripe + 8 * i));
}

void Xxhash64::absorb(std::span<const std::uint8_t> bytes) {
  length_ += bytes.size();
  if (rest_size_ > 0) {
    const std::size_t taken = std::min(kStripe - rest_size_, bytes.size());
    std::copy_n(bytes.begin(), taken, rest_.begin() + static_cast<std::ptrdiff_t>(rest_size_));
    rest_size_ += taken;
    bytes = bytes.subspan(taken);
    if (rest_size_ < kStripe) return;
    absorb_stripe(rest_.data());
    rest_size_ = 0;
  }
  for (; bytes.size() >= kStripe; bytes = bytes.subspan(kStripe)) absorb_stripe(bytes.data());
  std::copy(bytes.begin(), bytes.end(), rest_.begin());
  rest_size_ = bytes.size();
}

void Xxhash64::absorb(std::int64_t number) {
  std::array<std::uint8_t, sizeof number> bytes{};
  store_little_endian(static_cast<std::uint64_t>(number), bytes);
  absorb(bytes);
}

void Xxhash64::absorb(std::string_view text) {
  absorb(static_cast<std::int64_t>(text.size()));
  absorb({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
}

std::uint64_t Xxhash64::value() const {
  std::uint64_t hash = kPrime5;
  if (length_ >= kStripe) {
    hash = std::rotl(lanes_[0], 1) + std::rotl(lanes_[1], 7) + std::rotl(lanes_[2], 12) + std::rotl(lanes_[3], 18);
    for (const std::uint64_t lane : lanes_) hash = merged(hash, lane);
  }
  hash += length_;
  const std::uint8_t* next = rest_.data();
  const std::uint8_t* const end = next + rest_size_;
  for (; end - next >= 8; next += 8) hash = std::rotl(hash ^ round_of(0, load<std::uint64_t>(next)), 27) * kPrime1 + kPrime4;
  if (end - next >= 4) {
    hash = std::rotl(hash ^ (load<std::uint32_t>(next) * kPrime1), 23) * kPrime2 + kPrime3;
    next += 4;
  }
  for (; next < end; ++next) hash = std::rotl(hash ^ (*next * kPrime5), 11) * kPrime1;
  return avalanche(hash);
}

std::string Xxhash64::text() const {
  char digits[17];
  std::snprintf(digits, sizeof digits, "%016llx", static_cast<unsigned long long>(value()));
  return digits;
}

std::uint64_t xxhash64(std::span<const std::uint8_t> bytes) {
  Xxhash64 hash;
  hash.absorb(bytes);
  return hash.value();
}

}  // namespace fovea
