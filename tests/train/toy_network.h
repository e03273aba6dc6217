#pragma once

#include <memory>

#include <torch/torch.h>

#include <fovea/nn/classifier.h>

namespace fovea {

/// relu(x + bn2(conv2(relu(bn1(conv1(x)))))); with a stride, without the sum.
class ToyBlock final : public torch::nn::Module {
 public:
  ToyBlock(std::int64_t in_channels, std::int64_t out_channels, std::int64_t stride) : stride_(stride) {
    conv1 = register_module("conv1", convolution(in_channels, out_channels, stride));
    bn1 = register_module("bn1", torch::nn::BatchNorm2d(out_channels));
    conv2 = register_module("conv2", convolution(out_channels, out_channels, 1));
    bn2 = register_module("bn2", torch::nn::BatchNorm2d(out_channels));
  }

  static torch::nn::Conv2d convolution(std::int64_t in_channels, std::int64_t out_channels, std::int64_t stride) {
    return torch::nn::Conv2d(torch::nn::Conv2dOptions(in_channels, out_channels, 3).stride(stride).padding(1).bias(false));
  }

  torch::Tensor forward(const torch::Tensor& x) {
    const auto branch = bn2(conv2(torch::relu(bn1(conv1(x)))));
    return torch::relu(stride_ == 1 ? x + branch : branch);
  }

  torch::nn::Conv2d conv1{nullptr}, conv2{nullptr};
  torch::nn::BatchNorm2d bn1{nullptr}, bn2{nullptr};

 private:
  std::int64_t stride_;
};

/// A small residual network with a ResNet's names, for gray images of the toy task's four classes.
class ToyNetwork final : public Classifier {
 public:
  ToyNetwork() : Classifier("ToyNetwork") {
    conv1 = register_module("conv1", ToyBlock::convolution(1, 4, 1));
    bn1 = register_module("bn1", torch::nn::BatchNorm2d(4));
    layer1 = register_module("layer1", std::make_shared<ToyBlock>(4, 4, 1));
    layer2 = register_module("layer2", std::make_shared<ToyBlock>(4, 8, 2));
    layer3 = register_module("layer3", std::make_shared<ToyBlock>(8, 16, 2));
    fc = register_module("fc", torch::nn::Linear(16, 4));
  }

  ModelOutput classify(const Batch& batch, ForwardContext& /*context*/) override {
    auto x = torch::relu(bn1(conv1(batch.input())));  // [N, 4, 8, 8]
    for (const auto& layer : {layer1, layer2, layer3}) x = layer->forward(x);
    return {fc(x.mean({2, 3}))};
  }

  std::string head() const override { return "fc"; }
  std::string input_layer() const override { return "conv1"; }

  torch::nn::Conv2d conv1{nullptr};
  torch::nn::BatchNorm2d bn1{nullptr};
  std::shared_ptr<ToyBlock> layer1, layer2, layer3;
  torch::nn::Linear fc{nullptr};
};

}  // namespace fovea
