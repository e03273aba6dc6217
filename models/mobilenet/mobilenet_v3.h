#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <torch/torch.h>

#include <fovea/attention/attention_factory.h>
#include <fovea/models/mobilenet/mobile_trunk.h>
#include <fovea/nn/classifier.h>
#include <fovea/nn/key_mapping.h>
#include <fovea/options/fields.h>

namespace fovea {

enum class MobileNetV3Size { small, large };

/// Library of the architecture and the names. With width 1, evaluation differs only in the epsilon of batch norms.
enum class MobileNetV3Variant {
  torchvision,  ///< every width is scaled; epsilon 1e-3, momentum 0.01
  timm,  ///< expansions follow from scaled widths; the last hidden layer is not scaled, nor, for widths below 0.75, the
         ///< first convolution; epsilon 1e-5, momentum 0.1
};

struct MobileNetV3Options {
  MobileNetV3Size size = MobileNetV3Size::small;  ///< part of a registered network's name
  MobileNetV3Variant variant = MobileNetV3Variant::torchvision;
  double width = 1;                                    ///< channels of every layer, as a multiple of the paper's
  bool minimal = false;                                ///< 3x3 convolutions, ReLU, no squeeze-and-excitation
  bool squeeze_excitation = true;                      ///< in the blocks of the paper that have it
  std::optional<double> norm_epsilon = std::nullopt;   ///< of batch norms; None: the variant's
  std::optional<double> norm_momentum = std::nullopt;  ///< of batch norms, as in torch; None: the variant's
  double dropout = 0.2;         ///< probability, of a feature before the last layer; see apply_dropout()
  double stochastic_depth = 0;  ///< of the last block's branch, lower before; see stochastic_depth_probability()

  void visit_fields(FieldVisitor& fields);
};

/// "Searching for MobileNetV3", arXiv:1905.02244, tables 1 and 2: as MobileNetV2, with squeeze-and-excitation in some
/// blocks, 5x5 convolutions, hard swish in the deeper half, and a hidden layer after global average pooling.
///
/// Parameter names are the variant's: torchvision's (`features.4.block.1.0`, `classifier.3`) or timm's
/// (`blocks.2.0.conv_dw`, `classifier`). Stages are timm's `blocks.0`, `blocks.1`, ...; the last is the 1x1 convolution
/// after the blocks. A gate at `block` replaces the block's own squeeze-and-excitation and has its name (`block.2`, `se`);
/// in a torchvision block without one it is called `se`, so that no other name changes.
///
/// Where the variants have the same shapes (at width 1), key_mappings() includes the other variant's names. The difference
/// of the epsilons is added to the running variances, so that logits in evaluation are equal (a variance may become
/// negative, its sum with the epsilon does not). Training continues with the network's own epsilon.
///
/// initialise() initialises convolutions as torchvision does, and linear layers as in every network here. Dropout is
/// torchvision's; timm's networks have none.
///
/// Differs from the paper: channels are rounded as in mobile_width(); the 1x1 convolution after the small network's blocks
/// has no squeeze-and-excitation, as in both libraries.
class MobileNetV3Impl final : public Classifier, public HasKeyMappings {
 public:
  /// @throws InputError when an option is out of its range.
  explicit MobileNetV3Impl(const MobileNetV3Options& options = {}, const InputSpec& input = {},
                           AttentionFactory& attention = no_attention());

  /// Hooks see `features` after every stage. @throws ShapeError when the batch has another number of channels.
  ModelOutput classify(const Batch& batch, ForwardContext& context) override;
  std::string head() const override;
  std::string input_layer() const override;
  std::vector<KeyMapping> key_mappings() const override;

 protected:
  std::shared_ptr<torch::nn::Module> rebuilt() const override;

 private:
  MobileNetV3Options options_;
  InputSpec input_;
  MobileTrunk trunk_;
  torch::nn::Linear hidden_{nullptr};              ///< torchvision's
  torch::nn::Conv2d hidden_convolution_{nullptr};  ///< timm's
  torch::nn::Linear classifier_{nullptr};
};
TORCH_MODULE(MobileNetV3);

}  // namespace fovea
