#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include <torch/torch.h>

#include <fovea/attention/bottleneck_width.h>
#include <fovea/attention/channel/pointwise_mlp.h>
#include <fovea/attention/gate.h>
#include <fovea/attention/insertion_point.h>
#include <fovea/nn/cloneable_module.h>
#include <fovea/options/fields.h>

namespace fovea {

struct GatherExciteOptions {
  double reduction_ratio = 16;        ///< bottleneck width: channels / reduction_ratio
  std::int64_t reduced_channels = 0;  ///< bottleneck width itself; 0 takes it from reduction_ratio and divisor
  std::int64_t divisor = 1;           ///< the width taken from reduction_ratio is a multiple of this
  std::int64_t extent = 0;            ///< side of the gathered neighbourhood, in positions; 0 = the whole map
  bool extra_params = false;          ///< gather with depthwise convolutions instead of averaging
  bool mlp = true;                    ///< a bottleneck over the channels between gathering and exciting
  bool max_pool = false;              ///< gather the mean of average and maximum instead of the average
  Activation activation = Activation::relu;
  GateFunction gate = GateFunction::sigmoid;

  void visit_fields(FieldVisitor& fields);
};

/// Depthwise convolutions, each with batch norm behind it (`conv1`, `norm1`, ...): log2(extent) of side 3 and stride 2 with
/// an activation between them, or one of the map's own size.
class DepthwiseGatherImpl final : public CloneableModule {
 public:
  /// @param in of the features; height and width are used with extent 0 only. @param extent 0 or a power of two.
  DepthwiseGatherImpl(const FeatureShape& in, std::int64_t extent, Activation activation);

  /// @param features [N, C, H, W]. @return [N, C, ceil(H / extent), ceil(W / extent)], or [N, C, 1, 1] for extent 0.
  torch::Tensor forward(const torch::Tensor& features);

 protected:
  std::shared_ptr<torch::nn::Module> rebuilt() const override;

 private:
  FeatureShape in_;
  std::int64_t extent_;
  Activation activation_;
  std::vector<torch::nn::Conv2d> convolutions_;
  std::vector<torch::nn::BatchNorm2d> norms_;
};
TORCH_MODULE(DepthwiseGather);

/// Gather-excite, "Gather-Excite: Exploiting Feature Context in Convolutional Neural Networks", arXiv:1810.12348:
/// x * gate(nearest(M(gather(x)))). gather averages over windows of side 2 extent - 1, one every extent positions, without
/// the padding; or over the whole map (extent 0); or convolves (extra_params). M = W2 activation(W1 y), or the identity;
/// nearest upsamples the result to H x W. The paper's GE-theta- is `mlp: false`, GE-theta `mlp: false, extra_params: true`
/// and GE-theta+ `extra_params: true`; the default, extent 0 with M, is squeeze-and-excitation. Parameter names and defaults
/// are timm's (`gather.conv1`, `gather.norm1`, ..., `mlp.fc1`, `mlp.fc2`). Differs from the paper: max_pool is timm's
/// option, off by default.
class GatherExciteImpl final : public Gate {
 public:
  /// @param channels C of the features, at least 1. @throws InputError when an option is out of its range or has no effect
  /// beside the others, extent is 1, or extra_params is set with an extent that is 0 (that convolution needs a height and a
  /// width) or not a power of two.
  explicit GatherExciteImpl(std::int64_t channels, GatherExciteOptions options = {});
  /// @param in of the features. With extra_params and extent 0 the module accepts only this height and width; otherwise they
  /// are not used. @throws InputError as the other constructor, or where a needed height or width is below 1.
  explicit GatherExciteImpl(const FeatureShape& in, GatherExciteOptions options = {});

  /// @param features [N, C, H, W]. @return the same shape. Hooks see one gate in [0, 1]: a channel gate [N, C, 1, 1] with
  /// extent 0, else a dense one [N, C, H, W]. @throws ShapeError if features is not 4-D or C differs, or H and W where they
  /// are fixed. Depends on train/eval mode only with extra_params; training then needs more than one gathered position or
  /// image (ShapeError).
  torch::Tensor attend(const torch::Tensor& features, ForwardContext& context) override;

 protected:
  std::shared_ptr<torch::nn::Module> rebuilt() const override;

 private:
  torch::Tensor gathered(const torch::Tensor& features);
  /// True when the module accepts one height and width only.
  bool fixes_size() const { return options_.extra_params && options_.extent == 0; }

  FeatureShape in_;
  GatherExciteOptions options_;
  std::shared_ptr<DepthwiseGatherImpl> gather_;
  std::shared_ptr<PointwiseMlpImpl> mlp_;
};
TORCH_MODULE(GatherExcite);

}  // namespace fovea
