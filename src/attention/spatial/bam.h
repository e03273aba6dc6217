#pragma once

#include <cstdint>
#include <memory>

#include <torch/torch.h>

#include <fovea/attention/gate.h>
#include <fovea/options/fields.h>

namespace fovea {

/// Combination of the channel scores and the spatial scores.
enum class BamVariant {
  paper,     ///< added; both variants have the layers of the authors' code
  official,  ///< multiplied, as in the authors' code
};

struct BamOptions {
  BamVariant variant = BamVariant::paper;
  double reduction_ratio = 16;  ///< both branches are channels / reduction_ratio wide, rounded down
  std::int64_t dilation = 4;    ///< of the two 3x3 convolutions

  void visit_fields(FieldVisitor& fields);
};

/// BAM, "BAM: Bottleneck Attention Module", arXiv:1807.06514: x (1 + sigmoid(Mc + Ms)), or Mc Ms in variant official, where
/// Mc [N, C, 1, 1] = fc(relu(BN(fc(mean(x))))) and Ms [N, 1, H, W] = a 1x1 convolution, two dilated 3x3 convolutions, each
/// of the three with batch norm and ReLU, and another 1x1 convolution. Parameter names are the authors' code's
/// (`channel_att.gate_c.*`, `spatial_att.gate_s.*`).
/// Differs from the paper: no batch norm at the end of the two branches, as in the authors' code, in variant paper too.
/// Differs from that code: the channel branch's mean is over all of the map, where the code pools a square of the map's
/// height.
class BamImpl final : public Gate {
 public:
  /// @param channels C of the features, at least 1. @throws InputError when an option is out of its range.
  explicit BamImpl(std::int64_t channels, BamOptions options = {});

  /// @param features [N, C, H, W]. @return the same shape. Hooks see the sigmoid, a dense gate [N, C, H, W] in (0, 1).
  /// @throws ShapeError if features is not 4-D or C differs. Depends on train/eval mode; training needs N > 1
  /// (ShapeError).
  torch::Tensor attend(const torch::Tensor& features, ForwardContext& context) override;

 protected:
  std::shared_ptr<torch::nn::Module> rebuilt() const override;

 private:
  std::int64_t channels_;
  BamOptions options_;
  torch::nn::Sequential gate_c_{nullptr}, gate_s_{nullptr};
};
TORCH_MODULE(Bam);

}  // namespace fovea
