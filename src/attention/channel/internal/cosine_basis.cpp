#include <array>
#include <cmath>
#include <numbers>
#include <vector>

#include <fovea/attention/channel/internal/cosine_basis.h>

namespace fovea {
namespace {

constexpr std::int64_t kReferenceSide = 7;

struct CosineFrequency {
  std::int64_t down, across;  ///< half periods over the height and over the width of a 7 x 7 map
};

constexpr std::array<CosineFrequency, kTopCosines> kTopFrequencies{
    {{0, 0}, {0, 1}, {6, 0}, {0, 5}, {0, 2}, {1, 0}, {1, 2}, {4, 0}, {5, 0}, {1, 6}, {3, 0},
     {0, 4}, {0, 6}, {0, 3}, {3, 5}, {2, 2}, {4, 6}, {6, 3}, {3, 3}, {5, 3}, {5, 5}, {2, 1},
     {6, 1}, {5, 2}, {5, 4}, {3, 2}, {3, 1}, {4, 1}, {2, 3}, {2, 0}, {6, 5}, {1, 3}}};

/// Row `frequency` of the orthonormal DCT of a signal of `size` values.
torch::Tensor cosine_row(std::int64_t frequency, std::int64_t size) {
  const std::int64_t scaled =
      size < kReferenceSide ? frequency * size / kReferenceSide : frequency * (size / kReferenceSide);
  const double side = static_cast<double>(size);
  const auto centres = torch::arange(size, torch::kFloat64) + 0.5;
  return torch::cos(centres * (std::numbers::pi * static_cast<double>(scaled) / side)) *
         std::sqrt((scaled == 0 ? 1 : 2) / side);
}

}  // namespace

torch::Tensor top_cosines(std::int64_t count, std::int64_t height, std::int64_t width) {
  std::vector<torch::Tensor> cosines;
  for (std::int64_t i = 0; i < count; ++i) {
    const auto [down, across] = kTopFrequencies.at(static_cast<std::size_t>(i));
    cosines.push_back(torch::outer(cosine_row(down, height), cosine_row(across, width)));
  }
  return torch::stack(cosines);
}

}  // namespace fovea
