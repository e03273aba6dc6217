#pragma once

#include <atomic>
#include <cstdint>
#include <vector>

#include <torch/torch.h>

#include <fovea/attention/spatial/cbam.h>
#include <fovea/nn/classifier.h>

namespace fovea {

inline torch::nn::Conv2d convolution1x1(const torch::Tensor& weights) {
  torch::nn::Conv2d convolution(torch::nn::Conv2dOptions(weights.size(1), weights.size(0), 1).bias(false));
  const torch::NoGradGuard no_grad;
  convolution->weight.copy_(weights.view({weights.size(0), weights.size(1), 1, 1}));
  return convolution;
}

/// Two layers of 1x1 convolutions, both seen by hooks, and three classes from the mean over the positions of the second:
/// everything about it can be computed by hand. In: [N, 2, H, W]. Features: first = (a, 2 b) of the input's two channels;
/// second = relu(first0 + first1), relu(-first1). Class scores: C (mean second0, mean second1), C below.
class TinyClassifier final : public Classifier {
 public:
  TinyClassifier() : Classifier("TinyClassifier") {
    first_ = register_module("first", convolution1x1(torch::tensor({{1.0F, 0.0F}, {0.0F, 2.0F}})));
    second_ = register_module("second", convolution1x1(torch::tensor({{1.0F, 1.0F}, {0.0F, -1.0F}})));
    fc_ = register_module("fc", torch::nn::Linear(torch::nn::LinearOptions(2, 3).bias(false)));
    const torch::NoGradGuard no_grad;
    fc_->weight.copy_(torch::tensor({{6.0F, 0.0F}, {0.0F, 6.0F}, {6.0F, -12.0F}}));
  }

  ModelOutput classify(const Batch& batch, ForwardContext& context) override {
    context.theta = theta;
    auto features = context.hook(*first_, {MapKind::features}, first_(batch.input()));
    features = context.hook(*second_, {MapKind::features}, torch::relu(second_(features)));
    ++passes;
    return {fc_(features.mean({2, 3}))};
  }

  torch::Tensor theta;          ///< of everything that hooks see
  std::atomic<int> passes = 0;  ///< forward passes so far, of all threads

 private:
  torch::nn::Conv2d first_{nullptr}, second_{nullptr};
  torch::nn::Linear fc_{nullptr};
};

/// One image of six positions for it, [1, 2, 2, 3].
inline Batch tiny_image() {
  Batch batch;
  batch.images =
      torch::tensor({1.0F, 2.0F, 3.0F, 4.0F, 5.0F, 6.0F, 1.0F, 1.0F, -1.0F, 2.0F, -2.0F, -4.0F}).view({1, 2, 2, 3});
  return batch;
}

/// A classifier of two classes with CBAM, of random weights, on images [N, 4, H, W].
class AttendingClassifier final : public Classifier {
 public:
  AttendingClassifier() : Classifier("AttendingClassifier") {
    cbam_ = register_module("cbam", std::make_shared<CbamImpl>(4, CbamOptions()));
    fc_ = register_module("fc", torch::nn::Linear(4, 2));
    eval();
  }

  ModelOutput classify(const Batch& batch, ForwardContext& context) override {
    context.theta = theta;
    return {fc_(cbam_->forward(batch.input(), context).mean({2, 3}))};
  }

  torch::Tensor theta;

 private:
  std::shared_ptr<CbamImpl> cbam_;
  torch::nn::Linear fc_{nullptr};
};

}  // namespace fovea
