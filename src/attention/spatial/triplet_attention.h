#pragma once

#include <cstdint>
#include <memory>

#include <torch/torch.h>

#include <fovea/attention/convolution_norm.h>
#include <fovea/attention/gate.h>
#include <fovea/nn/cloneable_module.h>
#include <fovea/options/fields.h>

namespace fovea {

struct TripletAttentionOptions {
  std::int64_t kernel_size = 7;  ///< odd; of the three convolutions
  bool spatial = true;           ///< the third gate, rows x columns

  void visit_fields(FieldVisitor& fields);
};

/// Gate of one plane: sigmoid(BN(conv([max; mean]))) of features whose dimension 1 is pooled.
class TripletPlaneImpl final : public CloneableModule {
 public:
  /// @param kernel_size at least 1. @throws InputError when it is even.
  explicit TripletPlaneImpl(std::int64_t kernel_size);
  /// @param features [N, P, A, B]. @return [N, 1, A, B], in (0, 1).
  torch::Tensor forward(const torch::Tensor& features);

 protected:
  std::shared_ptr<torch::nn::Module> rebuilt() const override;

 private:
  std::int64_t kernel_size_;
  std::shared_ptr<ConvolutionNormImpl> conv_;
};
TORCH_MODULE(TripletPlane);

/// Triplet attention, "Rotate to Attend: Convolutional Triplet Attention Module", arXiv:2010.03045: x times the mean of
/// three gates, each from a map with one axis pooled: channels x columns (`cw`), rows x channels (`hc`), rows x columns
/// (`hw`). Parameter names are the authors' (`cw.conv.conv`, `cw.conv.bn`, ...). Differs from the paper: nothing;
/// batch norm has a momentum of 0.01, as in the authors' code.
class TripletAttentionImpl final : public Gate {
 public:
  /// @param channels C of the features, at least 1. @throws InputError when an option is out of its range,
  /// or kernel_size is even.
  explicit TripletAttentionImpl(std::int64_t channels, TripletAttentionOptions options = {});

  /// @param features [N, C, H, W]. @return the same shape. Hooks see gates in (0, 1): dense ones at `cw` (the same along
  /// each column) and `hc` (the same along each row), both as [N, C, H, W], and a spatial one [N, 1, H, W] at `hw`.
  /// @throws ShapeError if features is not 4-D or C differs. Depends on train/eval mode.
  torch::Tensor attend(const torch::Tensor& features, ForwardContext& context) override;

 protected:
  std::shared_ptr<torch::nn::Module> rebuilt() const override;

 private:
  std::int64_t channels_;
  TripletAttentionOptions options_;
  std::shared_ptr<TripletPlaneImpl> cw_, hc_, hw_;
};
TORCH_MODULE(TripletAttention);

}  // namespace fovea
