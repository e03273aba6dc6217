#include <fovea/nn/shape_text.h>

namespace fovea {

std::string shape_text(const torch::Tensor& tensor) {
  return c10::str(tensor.sizes());
}

}  // namespace fovea
