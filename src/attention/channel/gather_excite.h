#pragma once

#include <cstdint>
#include <memory>

#include <torch/torch.h>

#include <fovea/attention/bottleneck_width.h>
#include <fovea/attention/channel/pointwise_mlp.h>
#include <fovea/attention/gate.h>
#include <fovea/attention/site.h>
#include <fovea/config/fields.h>

namespace fovea {

struct GatherExciteOptions : BottleneckOptions {
  std::int64_t extent = 0;    ///< side of the neighbourhood that is gathered, in cells; 0 = the whole map
  bool extra_params = false;  ///< gather with depthwise convolutions instead of averaging
  bool mlp = true;            ///< a bottleneck over the channels between gathering and exciting
  bool max_pool = false;      ///< gather the mean of average and maximum instead of the average
  Activation activation = Activation::relu;
  GateFunction gate = GateFunction::sigmoid;

  GatherExciteOptions() : BottleneckOptions(16, 1) {}
  void visit_fields(FieldVisitor& fields) override;
};

/// Depthwise convolutions, each with batch norm behind it (`conv1`, `norm1`, ...): log2(extent) of side 3 and stride 2 with
/// an activation between them, or one of the map's own size.
class DepthwiseGather final : public torch::nn::Module {
 public:
  DepthwiseGather(const FeatureShape& in, std::int64_t extent, Activation activation);

  /// [N, C, H, W] -> [N, C, ceil(H / extent), ceil(W / extent)], or [N, C, 1, 1] for extent 0.
  torch::Tensor forward(const torch::Tensor& features);

 private:
  Activation activation_;
  std::vector<torch::nn::Conv2d> convolutions_;
  std::vector<torch::nn::BatchNorm2d> norms_;
};

/// Gather-excite, "Gather-Excite: Exploiting Feature Context in Convolutional Neural Networks", arXiv:1810.12348:
/// x * gate(nearest(M(gather(x)))). gather averages over windows of side 2 extent - 1, one every extent cells, without the
/// padding; or over the whole map (extent 0); or convolves (extra_params). M = W2 activation(W1 y), or nothing; nearest
/// brings the result back to H x W. The paper's GE-theta- is `mlp: false`, GE-theta `mlp: false, extra_params: true` and
/// GE-theta+ `extra_params: true`; the default, extent 0 with M, is squeeze-and-excitation.
/// Parameter names and defaults are timm's (`gather.conv1`, `gather.norm1`, ..., `mlp.fc1`, `mlp.fc2`).
/// Differs from the paper: max_pool is timm's option, off by default.
class GatherExcite final : public Gate {
 public:
  /// With extra_params and extent 0 the module works for the site's height and width alone.
  /// @throws InputError when extent is 1, or no power of two beside extra_params, and for options that have no effect
  /// beside others.
  GatherExcite(const Site& site, const GatherExciteOptions& options);

  /// @param features [N, C, H, W]. @return the same shape. Taps one gate in [0, 1]: a channel gate [N, C, 1, 1] with extent
  /// 0, else a dense one [N, C, H, W]. @throws ShapeError if features is not 4-D or C differs, or H and W where they are
  /// fixed. Depends on train/eval mode only with extra_params; training then needs more than one gathered cell or image
  /// (ShapeError).
  torch::Tensor attend(const torch::Tensor& features, ForwardContext& context) override;

 private:
  torch::Tensor gathered(const torch::Tensor& features);

  FeatureShape in_;
  std::int64_t extent_;
  bool max_pool_;
  GateFunction gate_;
  std::shared_ptr<DepthwiseGather> gather_;
  std::shared_ptr<PointwiseMlp> mlp_;
};

}  // namespace fovea
