#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

#include <torch/torch.h>

#include <fovea/base/random.h>
#include <fovea/nn/classifier.h>
#include <fovea/nn/initialise.h>
#include <fovea/weights/state_dict.h>

namespace fovea {

inline constexpr double kGain = 1.4;  // of a layer's variance; see torchvision_peer.py

/// Normal values, in large tensors the same ones again and again, never aligned with their rows: drawing them all takes
/// longer than the test.
inline void fill_fast(torch::Tensor& tensor, const RandomStream& stream, double deviation) {
  constexpr std::int64_t kPeriod = 65537;  // a prime
  auto flat = tensor.view({-1});
  auto values = torch::empty({std::min(flat.numel(), kPeriod)});
  fill_normal(values, stream, deviation);
  for (const torch::Tensor& part : flat.split(kPeriod)) torch::Tensor(part).copy_(values.slice(0, 0, part.numel()));
}

/// As give_life() in torchvision_peer.py.
inline void give_life(Classifier& network) {
  const torch::NoGradGuard no_grad;
  for (auto& [name, shared] : state_dict(network)) {
    torch::Tensor tensor = shared;
    const RandomStream stream = RandomStream(1, Purpose::test).child(name);
    if (!tensor.is_floating_point()) {
      tensor.fill_(1234);
    } else if (name.ends_with("running_var")) {
      fill_uniform(tensor, stream, 0.5, 1.5);
    } else if (name.ends_with("weight") && tensor.dim() > 1) {
      fill_fast(tensor, stream,
                std::sqrt(kGain * static_cast<double>(tensor.size(0)) / static_cast<double>(tensor.numel())));
    } else {
      fill_fast(tensor, stream, 0.3);
      if (name.ends_with("weight")) tensor.add_(1);
    }
  }
}

}  // namespace fovea
