#include <cmath>

#include <fovea/attention/self/relative_position.h>
#include <fovea/options/check.h>

namespace fovea {
namespace {

/// Number of keys L on the axis of a table [2 L - 1, D].
std::int64_t axis_length(const torch::Tensor& table) {
  return (table.size(0) + 1) / 2;
}

/// Rows of `table` [2 L - 1, D] for every pair of a query and a key on one axis: [queries, L, D].
torch::Tensor rows_of_pairs(const torch::Tensor& table, std::int64_t queries) {
  const std::int64_t keys = axis_length(table);
  const auto distance = axis_distances(queries, keys, table.device());
  return table.index_select(0, distance.flatten()).unflatten(0, {queries, keys});
}

}  // namespace

RelativePositionImpl::RelativePositionImpl(std::int64_t height, std::int64_t width, std::int64_t channels)
    : CloneableModule("RelativePosition") {
  for (const std::int64_t size : {height, width, channels}) expect_positive(size, "RelativePosition");
  height_rel_ = register_parameter("height_rel", torch::zeros({2 * height - 1, channels}));
  width_rel_ = register_parameter("width_rel", torch::zeros({2 * width - 1, channels}));
  initialise(construction_stream());
}

torch::Tensor RelativePositionImpl::scores(const torch::Tensor& queries) const {
  const auto down = torch::einsum("bhwd,hkd->bhwk", {queries, rows_of_pairs(height_rel_, queries.size(1))});
  const auto across = torch::einsum("bhwd,wld->bhwl", {queries, rows_of_pairs(width_rel_, queries.size(2))});
  const auto both = down.unsqueeze(-1) + across.unsqueeze(-2);  // [B, h, w, height, width]
  return both.flatten(3).flatten(1, 2);
}

void RelativePositionImpl::initialise(const RandomStream& stream) {
  const double standard_deviation = 1 / std::sqrt(static_cast<double>(height_rel_.size(1)));
  fill_normal(height_rel_, stream.child("height_rel"), standard_deviation);
  fill_normal(width_rel_, stream.child("width_rel"), standard_deviation);
}

std::shared_ptr<torch::nn::Module> RelativePositionImpl::rebuilt() const {
  return std::make_shared<RelativePositionImpl>(axis_length(height_rel_), axis_length(width_rel_), height_rel_.size(1));
}

torch::Tensor axis_distances(std::int64_t queries, std::int64_t keys, const torch::Device& device) {
  const auto position = [&](std::int64_t count) {
    return torch::arange(count, torch::TensorOptions().dtype(torch::kLong).device(device));
  };
  return position(keys).unsqueeze(0) - position(queries).unsqueeze(1) + (keys - 1);
}

torch::Tensor relative_attention(const torch::Tensor& queries, const torch::Tensor& keys,
                                 const RelativePositionImpl* position, bool scale_position) {
  const double scale = 1 / std::sqrt(static_cast<double>(queries.size(3)));
  const auto positions = queries.flatten(1, 2);  // [B, h w, D]
  const auto transposed = keys.transpose(1, 2);  // [B, D, K]
  const auto scores = position == nullptr ? scale * torch::bmm(positions, transposed)
                                          : torch::baddbmm(position->scores(queries), positions, transposed,
                                                           /*beta=*/scale_position ? scale : 1.0, /*alpha=*/scale);
  return scores.softmax(-1);
}

}  // namespace fovea
