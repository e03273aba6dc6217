#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include <torch/torch.h>

#include <fovea/attention/gate.h>
#include <fovea/attention/spatial/feature_norm.h>
#include <fovea/options/fields.h>

namespace fovea {

/// Implementation that the bottleneck's width and the biases are taken from.
enum class CoordinateVariant {
  timm,      ///< width channels / reduction_ratio x width_factor to a multiple of divisor; biases only with `bias`
  official,  ///< the authors' code: width channels / reduction_ratio rounded down, at least 8; biases
};

struct CoordinateAttentionOptions {
  CoordinateVariant variant = CoordinateVariant::timm;
  std::optional<double> reduction_ratio = {};  ///< of the bottleneck; none: 16, or 32 in variant official
  std::int64_t reduced_channels = 0;           ///< width of the bottleneck itself; 0 takes it from the others
  std::int64_t divisor = 8;                    ///< timm: the width taken from reduction_ratio is a multiple of this
  double width_factor = 2.0 / 3.0;        ///< timm: of the width, for about as many parameters as squeeze-and-excitation
  bool bias = false;                      ///< timm: in the three convolutions
  FeatureNorm norm = FeatureNorm::batch;  ///< behind the first convolution
  Activation activation = Activation::hard_swish;  ///< behind the norm
  GateFunction gate = GateFunction::sigmoid;
  bool skip = false;  ///< add the features to the result

  void visit_fields(FieldVisitor& fields);
};

/// Coordinate attention, "Coordinate Attention for Efficient Mobile Network Design", arXiv:2103.02907: x * g_h * g_w, where
/// the means of the rows and those of the columns go together through y = activation(norm(W1 [rows; columns])), and then
/// each through its own layer: g_h = gate(W_h y_rows) [N, C, H, 1], g_w = gate(W_w y_columns) [N, C, 1, W]. Parameter names
/// are timm's and the authors' (`conv1`, `bn1`, `conv_h`, `conv_w`). Differs from the paper: the bottleneck's width as in
/// timm, and `skip` is timm's.
class CoordinateAttentionImpl final : public Gate {
 public:
  /// @param channels C of the features, at least 1. @throws InputError when an option is out of its range,
  /// or options exclude each other.
  explicit CoordinateAttentionImpl(std::int64_t channels, CoordinateAttentionOptions options = {});

  /// @param features [N, C, H, W]. @return the same shape. Hooks see two dense gates in [0, 1]: at `conv_h` the rows', the
  /// same along each row, and at `conv_w` the columns', both as [N, C, H, W]. @throws ShapeError if features is not 4-D or C
  /// differs. Depends on train/eval mode with norm batch.
  torch::Tensor attend(const torch::Tensor& features, ForwardContext& context) override;

 protected:
  std::shared_ptr<torch::nn::Module> rebuilt() const override;

 private:
  std::int64_t channels_;
  CoordinateAttentionOptions options_;
  torch::nn::Conv2d conv1_{nullptr}, conv_h_{nullptr}, conv_w_{nullptr};
  torch::nn::AnyModule bn1_;
};
TORCH_MODULE(CoordinateAttention);

}  // namespace fovea
