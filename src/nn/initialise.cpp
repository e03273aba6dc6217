#include <cmath>
#include <limits>

#include <fovea/nn/initialise.h>

namespace fovea {
namespace {

/// Draws in float64 and converts, so that float and double networks start alike.
template <typename Draw>
void fill(torch::Tensor& tensor, Draw draw) {
  const torch::NoGradGuard no_grad;
  auto values = torch::empty({tensor.numel()}, torch::kFloat64);
  double* value = values.data_ptr<double>();
  for (std::int64_t i = 0; i < values.numel(); ++i) value[i] = draw();
  tensor.copy_(values.view(tensor.sizes()));
}

double fan_in(const torch::Tensor& weight) {
  return static_cast<double>(weight.numel()) / static_cast<double>(weight.size(0));
}

void initialise_bias(torch::Tensor& bias, const torch::Tensor& weight, const RandomStream& stream) {
  if (!bias.defined()) return;
  const double bound = 1.0 / std::sqrt(fan_in(weight));
  fill_uniform(bias, stream.child("bias"), -bound, bound);
}

template <typename Convolution>
void initialise_convolution(torch::nn::Module& module, const RandomStream& stream) {
  auto* convolution = module.as<Convolution>();
  if (convolution == nullptr) return;
  const auto& weight = convolution->weight;
  // Fan-out as torchvision counts it, and timm in its ResNets: output channels x kernel area, whatever the groups.
  const double fan_out = static_cast<double>(weight.size(0)) * fan_in(weight) / static_cast<double>(weight.size(1));
  fill_normal(weight, stream.child("weight"), std::sqrt(2.0 / fan_out));
  initialise_bias(convolution->bias, weight, stream);
}

void initialise_linear(torch::nn::Module& module, const RandomStream& stream) {
  auto* linear = module.as<torch::nn::Linear>();
  if (linear == nullptr) return;
  const double bound = 1.0 / std::sqrt(fan_in(linear->weight));
  fill_uniform(linear->weight, stream.child("weight"), -bound, bound);
  initialise_bias(linear->bias, linear->weight, stream);
}

template <typename Norm>
void initialise_norm(torch::nn::Module& module) {
  auto* norm = module.as<Norm>();
  if (norm == nullptr) return;
  const torch::NoGradGuard no_grad;
  if (norm->weight.defined()) norm->weight.fill_(1);
  if (norm->bias.defined()) norm->bias.zero_();
}

template <typename Norm>
void initialise_batch_norm(torch::nn::Module& module) {
  initialise_norm<Norm>(module);
  if (auto* norm = module.as<Norm>()) norm->reset_running_stats();
}

void initialise_below(torch::nn::Module& module, const RandomStream& stream) {
  for (const auto& child : module.named_children()) initialise_below(*child.value(), stream.child(child.key()));
  initialise_convolution<torch::nn::Conv2d>(module, stream);
  initialise_convolution<torch::nn::Conv1d>(module, stream);
  initialise_convolution<torch::nn::Conv3d>(module, stream);
  initialise_linear(module, stream);
  initialise_batch_norm<torch::nn::BatchNorm1d>(module);
  initialise_batch_norm<torch::nn::BatchNorm2d>(module);
  initialise_norm<torch::nn::GroupNorm>(module);
  initialise_norm<torch::nn::LayerNorm>(module);
  if (auto* own = dynamic_cast<SelfInitialising*>(&module)) own->initialise(stream);
}

}  // namespace

void fill_uniform(torch::Tensor tensor, RandomStream stream, double low, double high) {
  fill(tensor, [&] { return low + (high - low) * stream.uniform(); });
}

void fill_normal(torch::Tensor tensor, RandomStream stream, double standard_deviation) {
  fill(tensor, [&] { return standard_deviation * stream.normal(); });
}

RandomStream construction_stream() {
  const auto seed = torch::randint(std::numeric_limits<std::int64_t>::max(), {}, torch::kInt64).item<std::int64_t>();
  return {static_cast<std::uint64_t>(seed), Purpose::initialise};
}

void initialise(torch::nn::Module& root, std::uint64_t seed) {
  initialise_below(root, RandomStream(seed, Purpose::initialise));
}

}  // namespace fovea
