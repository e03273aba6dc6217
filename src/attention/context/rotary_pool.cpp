#include <utility>

#include <fovea/attention/context/rotary_pool.h>
#include <fovea/attention/positions.h>
#include <fovea/base/error.h>
#include <fovea/options/check.h>

namespace fovea {

void RotaryPoolOptions::visit_fields(FieldVisitor& fields) {
  visit_token_pool(fields, *this);
  fields.integers("reference_grid", reference_grid, {1, 1 << 16}, {1, 2},
                  "height and width, or both in one number, of the grid that positions are scaled to");
}

RotaryPoolImpl::RotaryPoolImpl(std::int64_t channels, RotaryPoolOptions options)
    : RotaryPoolImpl(InsertionPoint{.kind = InsertionKind::pool, .in = {channels}}, std::move(options)) {}

RotaryPoolImpl::RotaryPoolImpl(const InsertionPoint& point, RotaryPoolOptions options)
    : TokenPool("RotaryPool", "rotary_pool", point, token_pool_options(expect_in_range(options, "RotaryPool"))),
      options_(std::move(options)) {
  if (head_channels() % 4 != 0) {
    throw InputError("rotary_pool", "heads of a multiple of 4 features", std::to_string(head_channels()),
                     "set heads, head_channels or embed_channels");
  }
  initialise(construction_stream());
}

std::shared_ptr<torch::nn::Module> RotaryPoolImpl::rebuilt() const {
  return std::make_shared<RotaryPoolImpl>(point(), options_);
}

Positions RotaryPoolImpl::input_positions(const torch::Tensor& features) const {
  expect_features(*this, features, channels());
  return TokenPool::input_positions(features);
}

torch::Tensor RotaryPoolImpl::rotated(const torch::Tensor& heads, const Positions& positions) const {
  const auto angle = angles(positions.grid, heads.options());
  const auto sine = torch::sin(angle), cosine = torch::cos(angle);
  const auto pairs = heads.slice(2, 1).unflatten(3, {-1, 2});  // [N, heads, L, d / 2, 2]
  const auto even = pairs.select(4, 0), odd = pairs.select(4, 1);
  const auto positioned = torch::stack({even * cosine - odd * sine, odd * cosine + even * sine}, 4).flatten(3);
  return torch::cat({heads.slice(2, 0, 1), positioned}, 2);
}

torch::Tensor RotaryPoolImpl::angles(const std::vector<std::int64_t>& grid, const torch::TensorOptions& options) const {
  constexpr double kTemperature = 10000;
  const std::int64_t frequencies = head_channels() / 4;
  const auto exponent = torch::arange(frequencies, options) / static_cast<double>(-frequencies);
  const auto frequency = torch::pow(kTemperature, exponent);
  const std::vector<std::int64_t> reference{options_.reference_grid.front(),
                                            options_.reference_grid.back()};  // {height, width}
  const auto along = [&](int axis) {                                          // [positions along the axis, frequencies]
    const double scale = static_cast<double>(reference[axis]) / static_cast<double>(grid[axis]);
    return (torch::arange(grid[axis], options) * scale).unsqueeze(1) * frequency;
  };
  const std::vector<std::int64_t> shape{grid[0], grid[1], frequencies};
  return torch::cat({along(0).unsqueeze(1).expand(shape), along(1).unsqueeze(0).expand(shape)}, 2).flatten(0, 1);
}

}  // namespace fovea
