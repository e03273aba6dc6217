#include <array>
#include <cstdint>
#include <cstdio>
#include <string_view>

#include <fovea/base/fnv1a.h>
#include <fovea/nn/digest.h>

namespace fovea {

std::string digest(const NamedTensors& tensors) {
  Fnv1a hash;
  for (const auto& [name, tensor] : tensors) {
    const auto values = tensor.detach().to(torch::kCPU).contiguous();
    hash.absorb(std::string_view(name));
    hash.absorb(std::string_view(c10::toString(values.scalar_type())));
    hash.absorb(values.dim());
    for (const std::int64_t side : values.sizes()) hash.absorb(side);
    hash.absorb({static_cast<const std::uint8_t*>(values.data_ptr()), values.nbytes()});
  }
  std::array<char, 17> text{};
  std::snprintf(text.data(), text.size(), "%016llx", static_cast<unsigned long long>(hash.state()));
  return text.data();
}

}  // namespace fovea
