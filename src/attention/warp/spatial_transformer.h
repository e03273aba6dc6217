#pragma once

#include <cstdint>
#include <memory>

#include <torch/torch.h>

#include <fovea/attention/insertion_point.h>
#include <fovea/attention/warp.h>
#include <fovea/nn/initialise.h>
#include <fovea/options/fields.h>

namespace fovea {

/// Class of the affine transforms of a spatial transformer.
enum class WarpTransform {
  affine,     ///< six parameters
  attention,  ///< a crop: one scale for both axes, and a translation
};

struct SpatialTransformerOptions {
  WarpTransform transform = WarpTransform::affine;
  std::int64_t height = 0;     ///< of the output; 0 = as the input
  std::int64_t width = 0;      ///< of the output; 0 = as the input
  bool align_corners = false;  ///< as in torch's grid_sample: -1 and 1 are centres of the outer positions
  std::int64_t channels = 16;  ///< of the localisation network's convolutions
  std::int64_t hidden = 32;    ///< width of its hidden layer

  void visit_fields(FieldVisitor& fields);
};

/// Spatial transformer, "Spatial Transformer Networks", arXiv:1506.02025: a localisation network predicts theta
/// [2, 3] from the features; each output position at (x, y) is sampled bilinearly at theta [x; y; 1], zeros outside.
/// With `attention`, theta = [s 0 t_x; 0 s t_y].
///
/// The paper leaves the localisation network open. Here: two 5x5 convolutions of stride 2 with ReLU (`loc.conv1`,
/// `loc.conv2`), average pooling to 4x4, a hidden layer with tanh (`loc.fc1`), which bounds theta, and an output layer
/// (`loc.fc2`) that is initialised to the identity: weights 0, bias theta = [1 0 0; 0 1 0]. It needs a smaller learning rate
/// than the network (a tenth in the paper, for SVHN): for a window outside the image, the gradient of theta is 0.
/// Differs from the paper: nothing else.
class SpatialTransformerImpl final : public Warp, public SelfInitialising {
 public:
  /// @param in shape of the features; only its channels are used. @throws InputError unless there are channels, or
  /// when an option is out of its range.
  explicit SpatialTransformerImpl(const FeatureShape& in, SpatialTransformerOptions options = {});
  explicit SpatialTransformerImpl(const InsertionPoint& point, SpatialTransformerOptions options = {});

  /// @param features [N, C, H, W]. @return [N, C, H', W'] as output_shape() says. Hooks see the sampled window,
  /// [N, 1, 1, 4]: centre x, y, half width, half height of the transform without its shear, in [-1, 1] of the input (a
  /// negative half: mirrored). Composes its transform into ForwardContext::theta. @throws ShapeError if features is not 4-D
  /// or C differs.
  torch::Tensor attend(const torch::Tensor& features, ForwardContext& context) override;
  FeatureShape output_shape(const FeatureShape& in) const override;

  /// Prediction of the localisation network, [N, 2, 3].
  torch::Tensor theta(const torch::Tensor& features);

  void initialise(const RandomStream& stream) override;

 protected:
  std::shared_ptr<torch::nn::Module> rebuilt() const override;

 private:
  FeatureShape in_;
  SpatialTransformerOptions options_;
  torch::nn::Conv2d conv1_{nullptr}, conv2_{nullptr};
  torch::nn::Linear fc1_{nullptr}, fc2_{nullptr};
};
TORCH_MODULE(SpatialTransformer);

}  // namespace fovea
