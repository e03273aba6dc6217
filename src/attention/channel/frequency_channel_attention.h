#pragma once

#include <cstdint>
#include <memory>

#include <torch/torch.h>

#include <fovea/attention/gate.h>
#include <fovea/nn/cloneable_module.h>
#include <fovea/options/fields.h>

namespace fovea {

struct FrequencyChannelAttentionOptions {
  std::int64_t frequencies = 16;      ///< number of cosines, each for an equal part of the channels
  std::int64_t height = 7;            ///< of the cosines, in positions; other maps are average-pooled to that size first
  std::int64_t width = 7;             ///< see height
  std::int64_t reduction_ratio = 16;  ///< width of the bottleneck is channels / reduction_ratio, rounded down, at least 1
  GateFunction gate = GateFunction::sigmoid;

  void visit_fields(FieldVisitor& fields);
};

/// Squeeze of each channel to its dot product with a fixed map, the buffer `weight` [C, height, width].
class CosineSqueezeImpl final : public CloneableModule {
 public:
  /// @throws InputError as FrequencyChannelAttention does.
  explicit CosineSqueezeImpl(std::int64_t channels, FrequencyChannelAttentionOptions options = {});

  /// @param features [N, C, H, W]. @return [N, C].
  torch::Tensor forward(const torch::Tensor& features);

 protected:
  std::shared_ptr<torch::nn::Module> rebuilt() const override;

 private:
  std::int64_t channels_;
  FrequencyChannelAttentionOptions options_;
  torch::Tensor weight_;
};
TORCH_MODULE(CosineSqueeze);

/// Frequency channel attention, "FcaNet: Frequency Channel Attention Networks", arXiv:2012.11879: x * gate(W2 relu(W1 y)),
/// without biases, where y_c is a coefficient of channel c's cosine transform: the channels are split into equal parts, one
/// for each of the frequencies that the paper found best ("top16"). With the mean alone it is squeeze-and-excitation.
/// Parameter names are the authors' (`dct_layer.weight`, a buffer, `fc.0`, `fc.2`).
/// Differs from the paper: the cosines are 7 x 7 by default at every stage, where the authors take the size of the stage at
/// 224 x 224 pixels (56, 28, 14, 7), and for sides below 7 the frequencies shrink in proportion, where the authors' code
/// makes all of them 0.
class FrequencyChannelAttentionImpl final : public Gate {
 public:
  /// @param channels C of the features, at least 1. @throws InputError when an option is out of its range,
  /// or frequencies does not divide the channels.
  explicit FrequencyChannelAttentionImpl(std::int64_t channels, FrequencyChannelAttentionOptions options = {});

  /// @param features [N, C, H, W]. @return the same shape. Hooks see one channel gate [N, C, 1, 1] in [0, 1].
  /// @throws ShapeError if features is not 4-D or C differs. Does not depend on train/eval mode.
  torch::Tensor attend(const torch::Tensor& features, ForwardContext& context) override;

 protected:
  std::shared_ptr<torch::nn::Module> rebuilt() const override;

 private:
  std::int64_t channels_;
  FrequencyChannelAttentionOptions options_;
  std::shared_ptr<CosineSqueezeImpl> squeeze_;
  torch::nn::Sequential fc_{nullptr};
};
TORCH_MODULE(FrequencyChannelAttention);

}  // namespace fovea
