#include <sstream>

#include <fovea/attention/cells.h>
#include <fovea/base/error.h>

namespace fovea {

Cells cells_of(const torch::nn::Module& module, const torch::Tensor& features, std::int64_t channels) {
  const bool is_grid = features.dim() == 4 && features.size(1) == channels;
  const bool is_tokens = features.dim() == 3 && features.size(2) == channels;
  if ((is_grid || is_tokens) && features.numel() > 0) {
    if (is_tokens) return {features, {}};
    return {features.flatten(2).transpose(1, 2), {features.size(2), features.size(3)}};
  }
  const std::string count = std::to_string(channels);
  std::ostringstream got;
  got << features.sizes();
  throw ShapeError(module.name(), "[N, " + count + ", H, W] or tokens [N, L, " + count + "]", got.str());
}

torch::Tensor to_grid(const torch::Tensor& cells, std::int64_t height, std::int64_t width) {
  return cells.transpose(1, 2).reshape({cells.size(0), cells.size(2), height, width});
}

std::int64_t channels_per_head(std::int64_t channels, std::int64_t heads, const std::string& where) {
  if (channels % heads == 0) return channels / heads;
  throw InputError(where, "a divisor of the " + std::to_string(channels) + " channels", std::to_string(heads));
}

}  // namespace fovea
