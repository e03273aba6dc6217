#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include <fovea/nn/hard_choice.h>

namespace fovea {
namespace {

/// Draws of the standard Gumbel distribution.
torch::Tensor gumbel_noise(torch::IntArrayRef shape, RandomStream& stream) {
  const auto noise = torch::empty(shape, torch::kFloat64);
  constexpr double kLeast = 0x1p-54;  // 0 would give an infinite draw
  double* value = noise.data_ptr<double>();
  for (std::int64_t i = 0; i < noise.numel(); ++i) value[i] = -std::log(-std::log1p(-std::max(stream.uniform(), kLeast)));
  return noise;
}

}  // namespace

torch::Tensor draw_elements(const torch::Tensor& scores, std::int64_t k, RandomStream stream) {
  const torch::NoGradGuard no_grad;
  const auto noise = gumbel_noise(scores.sizes(), stream).to(scores.options().dtype(torch::kFloat64));
  return std::get<1>((scores.to(torch::kFloat64) + noise).topk(k, -1));
}

torch::Tensor draw_log_probs(const torch::Tensor& scores, const torch::Tensor& chosen) {
  auto left = scores;
  auto total = torch::zeros(scores.sizes().slice(0, scores.dim() - 1), scores.options());
  for (std::int64_t draw = 0; draw < chosen.size(-1); ++draw) {
    const auto element = chosen.narrow(-1, draw, 1);
    total = total + left.log_softmax(-1).gather(-1, element).squeeze(-1);
    left = left.scatter(-1, element, -std::numeric_limits<double>::infinity());
  }
  return total;
}

torch::Tensor central_elements(std::int64_t height, std::int64_t width, std::int64_t k) {
  std::vector<std::int64_t> elements(static_cast<std::size_t>(height * width));
  std::iota(elements.begin(), elements.end(), 0);
  const auto square_distance = [&](std::int64_t element) {  // of half positions
    const std::int64_t y = 2 * (element / width) - (height - 1), x = 2 * (element % width) - (width - 1);
    return y * y + x * x;
  };
  std::stable_sort(elements.begin(), elements.end(),
                   [&](std::int64_t a, std::int64_t b) { return square_distance(a) < square_distance(b); });
  elements.resize(static_cast<std::size_t>(k));
  return torch::tensor(elements, torch::kInt64);
}

torch::Tensor weights_of_chosen(const torch::Tensor& chosen, std::int64_t elements, const torch::TensorOptions& options) {
  auto shape = chosen.sizes().vec();
  const auto k = static_cast<double>(shape.back());
  shape.back() = elements;
  return torch::zeros(shape, options.requires_grad(false)).scatter_(-1, chosen, 1 / k);
}

torch::Tensor mean_of_chosen(const torch::Tensor& values, const torch::Tensor& chosen) {
  const auto rows = chosen.flatten(2).unsqueeze(3).expand({-1, -1, -1, values.size(3)});  // [N, heads, Q k, d]
  return values.gather(2, rows).unflatten(2, {chosen.size(2), chosen.size(3)}).mean(3);
}

}  // namespace fovea
