#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <torch/torch.h>

#include <fovea/models/backbone_attention.h>
#include <fovea/models/vgg/vgg_head.h>
#include <fovea/nn/classifier.h>
#include <fovea/nn/initialise.h>
#include <fovea/nn/key_mapping.h>
#include <fovea/options/fields.h>

namespace fovea {

/// Normalisation between a convolution of a VGG and its ReLU.
enum class VggNorm { batch, none };

struct VggOptions {
  VggVariant variant = VggVariant::torchvision;
  std::vector<std::int64_t> layers{64, 0, 128, 0, 256, 256, 0, 512, 512, 0, 512, 512, 0};  ///< see visit_fields()
  VggNorm norm = VggNorm::batch;
  std::int64_t hidden = 4096;  ///< width of the second hidden layer
  double mlp_ratio = 1;        ///< width of the first hidden layer over that of the second
  double dropout = 0.5;        ///< probability, of a feature after each hidden layer; see apply_dropout()

  void visit_fields(FieldVisitor& fields);
};

/// "Very Deep Convolutional Networks for Large-Scale Image Recognition", arXiv:1409.1556, with batch norm: 3x3 convolutions
/// with ReLU, 2x2 max pools between them, two hidden layers, one linear layer. Each max pool ends a stage; convolutions
/// after the last pool are one more.
///
/// Layers of `features` are numbered as in torchvision and timm, which agree: each convolution, norm, ReLU and pool counts.
/// The names of the other layers are those of the variant.
///
/// Insertion points do not change the numbers. A gate follows the ReLU of each convolution, where arXiv:1709.01507 puts it
/// in networks without shortcuts; after the ReLU `features.2` it is `features.2_gate`. A mixer replaces any convolution but
/// the first, which reads the image. Gates and warps after stages are `stage1_gate`, `stage1_warp`, ... A pool returns one
/// vector per image and also replaces the hidden layers.
///
/// Differs from the paper: batch norm, unless `norm: none`; the variant pools features of another size than 7 x 7; He
/// initialisation, so that deep networks train without weights of shallower ones.
///
/// Any number of channels; images must be large enough for the pools: 32 x 32 pixels for five.
class VggImpl final : public Classifier, public HasKeyMappings, public SelfInitialising {
 public:
  /// @throws InputError when an option is out of its range or impossible, or the images are too small for the pools.
  explicit VggImpl(const VggOptions& options = {}, const InputSpec& input = {},
                   AttentionFactory& attention = no_attention());

  /// Hooks see `features` after every stage, under the name of the stage's last layer, e.g. "features.3". @throws
  /// ShapeError when the batch has another number of channels or its images are too small for the pools.
  ModelOutput classify(const Batch& batch, ForwardContext& context) override;
  std::string head() const override { return head_.logits(); }
  std::string input_layer() const override { return input_layer_; }
  std::vector<KeyMapping> key_mappings() const override { return head_.key_mappings(); }
  void initialise(const RandomStream& stream) override { head_.initialise(stream); }

 protected:
  std::shared_ptr<torch::nn::Module> rebuilt() const override;

 private:
  /// A convolution with its norm, ReLU and gate.
  struct Block {
    torch::nn::Conv2d convolution{nullptr};  ///< empty where there is a mixer
    std::shared_ptr<Mixer> mixer;
    torch::nn::BatchNorm2d norm{nullptr};  ///< or empty
    torch::nn::ReLU relu{nullptr};
    bool ends_stage = false;  ///< the last layer of a stage without a pool
    std::shared_ptr<Gate> gate;
  };
  struct Stage {
    std::vector<Block> blocks;
    torch::nn::MaxPool2d pool{nullptr};  ///< empty where no pool ends it

    const torch::nn::Module& last_layer() const;
  };

  void make_features(FeatureShape& shape, AttentionFactory& attention);
  Block make_block(std::int64_t channels, FeatureShape& shape, AttentionFactory& attention);
  void finish_stage(Stage& stage, FeatureShape& shape, AttentionFactory& attention);
  /// Registers the next layer of `features`. @param layer a module's holder or shared pointer.
  template <typename Layer>
  Layer add_layer(Layer layer) {
    return features_->register_module(std::to_string(layer_count_++), layer);
  }
  torch::Tensor pass(Block& block, const torch::Tensor& features, ForwardContext& context);
  torch::Tensor pass(Stage& stage, torch::Tensor features, ForwardContext& context);

  VggOptions options_;
  InputSpec input_;
  BackboneAttention attention_;
  std::string input_layer_;
  std::shared_ptr<torch::nn::Module> features_;  ///< every layer before the head
  std::int64_t layer_count_ = 0;                 ///< numbered layers in `features`
  std::vector<Stage> stages_;
  VggHead head_;
};
TORCH_MODULE(Vgg);

}  // namespace fovea
