#pragma once

#include <torch/torch.h>

namespace fovea {

/// One value per channel: the mean over positions or, with `max_pool`, the mean of that and the maximum, as in timm's
/// `add_maxpool`. @param features [N, C, H, W]. @return [N, C, 1, 1].
torch::Tensor squeeze_channels(const torch::Tensor& features, bool max_pool);

}  // namespace fovea
