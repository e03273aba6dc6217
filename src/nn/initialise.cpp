#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include <fovea/base/error.h>
#include <fovea/base/torch_compat.h>
#include <fovea/nn/default_generator.h>
#include <fovea/nn/initialise.h>

namespace fovea {
namespace {

/// Draws in float64 and converts, so that float32 and float64 networks get the same values.
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
  const auto out_channels = static_cast<double>(convolution->options.out_channels());
  const double fan_out = out_channels * fan_in(weight) / static_cast<double>(weight.size(1));
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
void initialise_running_norm(torch::nn::Module& module) {
  initialise_norm<Norm>(module);
  if (auto* norm = module.as<Norm>()) norm->reset_running_stats();
}

/// Every parameter of the module itself, uniform in [-bound, bound).
void fill_own_uniform(torch::nn::Module& module, const RandomStream& stream, double bound) {
  for (const auto& item : module.named_parameters(/*recurse=*/false)) {
    fill_uniform(item.value(), stream.child(item.key()), -bound, bound);
  }
}

template <typename Recurrent>
void initialise_recurrent(torch::nn::Module& module, const RandomStream& stream) {
  if (const auto* recurrent = module.as<Recurrent>()) {
    const auto hidden = static_cast<double>(recurrent->options.hidden_size());
    fill_own_uniform(module, stream, 1.0 / std::sqrt(hidden));
  }
}

void initialise_bilinear(torch::nn::Module& module, const RandomStream& stream) {
  if (const auto* bilinear = module.as<torch::nn::Bilinear>()) {
    fill_own_uniform(module, stream, 1.0 / std::sqrt(static_cast<double>(bilinear->weight.size(1))));
  }
}

template <typename Embedding>
void initialise_embedding(torch::nn::Module& module, const RandomStream& stream) {
  auto* embedding = module.as<Embedding>();
  if (embedding == nullptr) return;
  fill_normal(embedding->weight, stream.child("weight"), 1.0);
  const torch::NoGradGuard no_grad;
  if (const auto padding = embedding->options.padding_idx()) embedding->weight[*padding].zero_();
}

void initialise_prelu(torch::nn::Module& module) {
  const torch::NoGradGuard no_grad;
  if (auto* prelu = module.as<torch::nn::PReLU>()) prelu->weight.fill_(prelu->options.init());
}

/// All but its child `out_proj`, whose weight initialise_linear() fills; only its bias differs.
void initialise_multihead_attention(torch::nn::Module& module, const RandomStream& stream) {
  auto* attention = module.as<torch::nn::MultiheadAttention>();
  if (attention == nullptr) return;
  for (const auto& item : attention->named_parameters(/*recurse=*/false)) {
    torch::Tensor parameter = item.value();
    const torch::NoGradGuard no_grad;
    if (item.key() == "in_proj_bias") {
      parameter.zero_();
      continue;
    }
    const RandomStream own = stream.child(item.key());
    const std::int64_t area = parameter.numel() / (parameter.size(0) * parameter.size(1));
    const auto fans = static_cast<double>((parameter.size(0) + parameter.size(1)) * area);
    if (item.key().ends_with("_weight")) {
      const double bound = std::sqrt(6.0 / fans);
      fill_uniform(parameter, own, -bound, bound);
    } else {  // bias_k and bias_v
      fill_normal(parameter, own, std::sqrt(2.0 / fans));
    }
  }
  const torch::NoGradGuard no_grad;
  torch::Tensor bias = attention->out_proj->bias;
  if (bias.defined()) bias.zero_();
}

void initialise_below(torch::nn::Module& module, const RandomStream& stream) {
  for (const auto& child : module.named_children()) initialise_below(*child.value(), stream.child(child.key()));
  initialise_convolution<torch::nn::Conv2d>(module, stream);
  initialise_convolution<torch::nn::Conv1d>(module, stream);
  initialise_convolution<torch::nn::Conv3d>(module, stream);
  initialise_convolution<torch::nn::ConvTranspose1d>(module, stream);
  initialise_convolution<torch::nn::ConvTranspose2d>(module, stream);
  initialise_convolution<torch::nn::ConvTranspose3d>(module, stream);
  initialise_linear(module, stream);
  initialise_bilinear(module, stream);
  initialise_running_norm<torch::nn::BatchNorm1d>(module);
  initialise_running_norm<torch::nn::BatchNorm2d>(module);
  initialise_running_norm<torch::nn::BatchNorm3d>(module);
  initialise_running_norm<torch::nn::InstanceNorm1d>(module);
  initialise_running_norm<torch::nn::InstanceNorm2d>(module);
  initialise_running_norm<torch::nn::InstanceNorm3d>(module);
  initialise_norm<torch::nn::GroupNorm>(module);
  initialise_norm<torch::nn::LayerNorm>(module);
  initialise_prelu(module);
  initialise_embedding<torch::nn::Embedding>(module, stream);
  initialise_embedding<torch::nn::EmbeddingBag>(module, stream);
  initialise_recurrent<torch::nn::RNN>(module, stream);
  initialise_recurrent<torch::nn::LSTM>(module, stream);
  initialise_recurrent<torch::nn::GRU>(module, stream);
  initialise_recurrent<torch::nn::RNNCell>(module, stream);
  initialise_recurrent<torch::nn::LSTMCell>(module, stream);
  initialise_recurrent<torch::nn::GRUCell>(module, stream);
  initialise_multihead_attention(module, stream);
  if (auto* constant = dynamic_cast<ConstantInitialising*>(&module)) constant->initialise_constants();
  if (auto* own = dynamic_cast<SelfInitialising*>(&module)) own->initialise(stream);
}

/// Number of SkipInitialisation, and of SkipDraws, that live on this thread.
thread_local int skipped_initialisations = 0;
thread_local int skipped_draws = 0;

}  // namespace

void fill_uniform(torch::Tensor tensor, RandomStream stream, double low, double high) {
  fill(tensor, [&] { return low + (high - low) * stream.uniform(); });
}

void fill_normal(torch::Tensor tensor, RandomStream stream, double standard_deviation) {
  fill(tensor, [&] { return standard_deviation * stream.normal(); });
}

RandomStream construction_stream() {
  return {seed_from_default_generator(), Purpose::initialise};
}

void initialise(torch::nn::Module& root, std::uint64_t seed) {
  const auto parameters = root.named_parameters();
  // LibTorch counts the writes to a tensor, but not to inference tensors.
  const auto writes = [](const torch::Tensor& tensor) { return tensor.is_inference() ? 0 : tensor._version(); };
  std::vector<std::pair<std::string, std::int64_t>> before;
  for (const auto& item : parameters) before.emplace_back(item.key(), writes(item.value()));
  initialise_below(root, RandomStream(seed, Purpose::initialise));
  for (const auto& [name, count] : before) {
    const torch::Tensor& parameter = parameters[name];
    if (parameter.is_inference() || writes(parameter) > count) continue;
    throw Error("initialise: there is no rule for the initial value of '" + name + "' of " + root.name() +
                "; derive the module that registers it from SelfInitialising");
  }
}

void initialise_constructed(torch::nn::Module& network) {
  if (skipped_initialisations == 0) initialise_below(network, construction_stream());
}

SkipInitialisation::SkipInitialisation() {
  ++skipped_initialisations;
}

SkipInitialisation::~SkipInitialisation() {
  --skipped_initialisations;
}

SkipDraws::SkipDraws() {
  if (skipped_draws++ == 0) compat::skip_draws(true);
}

SkipDraws::~SkipDraws() {
  if (--skipped_draws == 0) compat::skip_draws(false);
}

}  // namespace fovea
