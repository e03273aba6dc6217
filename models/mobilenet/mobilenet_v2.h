#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <torch/torch.h>

#include <fovea/attention/attention_factory.h>
#include <fovea/models/mobilenet/mobile_trunk.h>
#include <fovea/nn/classifier.h>
#include <fovea/nn/key_mapping.h>
#include <fovea/options/fields.h>

namespace fovea {

struct MobileNetV2Options {
  double width = 1;                           ///< channels of every layer, as a multiple of the paper's
  Activation activation = Activation::relu6;  ///< relu6, or relu as in some networks for small images
  double norm_epsilon = 1e-5;                 ///< of batch norms
  double dropout = 0.2;                       ///< probability, of a feature before the last layer; see apply_dropout()
  double stochastic_depth = 0;  ///< of the last block's branch, lower before; see stochastic_depth_probability()

  void visit_fields(FieldVisitor& fields);
};

/// "MobileNetV2: Inverted Residuals and Linear Bottlenecks", arXiv:1801.04381, table 2: a 3x3 convolution with stride 2, the
/// seven rows of inverted residual blocks, a 1x1 convolution, global average pooling and one linear layer. Parameter names
/// are torchvision's (`features.0.0`, `features.2.conv.1.0`, `classifier.1`); timm's mobilenetv2_* are the same networks
/// under other names. The rows of the table are stages 1 to 7, the 1x1 convolution after them is stage 8. The network has no
/// gates of its own; a gate at `block` is called `se` and has the position of MobileNetV3's squeeze-and-excitation.
/// Differs from the paper: channels are rounded as in mobile_width(); dropout is torchvision's; initialise() initialises
/// convolutions as torchvision does, and the last layer as in every network here.
class MobileNetV2Impl final : public Classifier, public HasKeyMappings {
 public:
  /// @throws InputError when an option is out of its range.
  explicit MobileNetV2Impl(const MobileNetV2Options& options = {}, const InputSpec& input = {},
                           AttentionFactory& attention = no_attention());

  /// Hooks see `features` after every stage. @throws ShapeError when the batch has another number of channels.
  ModelOutput classify(const Batch& batch, ForwardContext& context) override;
  std::string head() const override { return "classifier.1"; }
  std::string input_layer() const override { return "features.0.0"; }
  std::vector<KeyMapping> key_mappings() const override;

 protected:
  std::shared_ptr<torch::nn::Module> rebuilt() const override;

 private:
  MobileNetV2Options options_;
  InputSpec input_;
  MobileTrunkShape shape_;
  MobileTrunk trunk_;
  torch::nn::Linear classifier_{nullptr};
};
TORCH_MODULE(MobileNetV2);

}  // namespace fovea
