#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include <torch/torch.h>

#include <fovea/attention/attention_factory.h>
#include <fovea/glimpse/glimpse_network.h>
#include <fovea/glimpse/retina.h>
#include <fovea/glimpse/rollout.h>
#include <fovea/nn/classifier.h>
#include <fovea/options/fields.h>

namespace fovea {

enum class GlimpseEncoderKind { linear, convolutional };

/// Location of the first glimpse.
enum class FirstGlimpse {
  centre,
  random,  ///< uniform in the policy's range, as in the paper
};

struct RamOptions {
  std::int64_t glimpses = 6;  ///< T
  std::int64_t patch = 12;    ///< G, values along a side of each window's patch
  std::int64_t scales = 3;    ///< S, windows of a glimpse, each twice as wide as the one before
  GlimpseEncoderKind encoder = GlimpseEncoderKind::linear;
  std::int64_t encoder_channels = 32;   ///< channels of the convolutional encoder's first layer
  std::int64_t encoder_features = 128;  ///< of the encoded patches, and of the encoded location
  CoreKind core = CoreKind::relu;
  std::int64_t width = 256;            ///< of an encoded glimpse, and of the core's state
  std::int64_t policy_features = 128;  ///< of the location policy's hidden layer; 0 = none
  double range = 0.8;                  ///< largest coordinate of a location, in (0, 1]
  FirstGlimpse first = FirstGlimpse::centre;

  void visit_fields(FieldVisitor& fields);
};

/// Recurrent attention model (RAM) of "Recurrent Models of Visual Attention", arXiv:1406.6247: a recurrent network takes T
/// glimpses of an image. After each it predicts the class, and its policy chooses the next location. Images may have any
/// size and number of channels, may be 8-bit, and may differ in size within a batch; only pixels inside the windows are
/// read.
///
/// Modules: `encoder`, `core`, `policy`, `baseline`, `classifier`. See composed_rollout() for the gradient of each output.
/// ForwardContext::policy sets how locations are chosen; `random`, `centre` and `replay` set the first one too.
///
/// Differs from the paper: a policy with a bounded mean and a hidden layer; the first glimpse at the centre; the core's
/// recurrent weight starts as the identity. `policy_features: 0`, `first: random` and `range: 1` undo most of it.
class RamImpl final : public Classifier {
 public:
  /// @throws InputError naming an option that is out of its range, impossible or without effect.
  explicit RamImpl(const RamOptions& options = {}, const InputSpec& input = {},
                   AttentionFactory& attention = no_attention());

  /// The logits are those after the last glimpse. @throws ShapeError when images have another number of channels, or the
  /// locations to replay another shape. @throws InputError for sampling without a standard deviation > 0.
  ModelOutput classify(const Batch& batch, ForwardContext& context) override;
  std::string head() const override { return "classifier"; }
  bool takes_glimpses() const override { return true; }

  /// false: composed_rollout() in place of fused_rollout(), for comparison.
  void set_fused(bool fused) { fused_ = fused; }

 protected:
  std::shared_ptr<torch::nn::Module> rebuilt() const override;
  void repeat_changes(const CloneableModule& original) override;

 private:
  RolloutPlan plan(const Retina& retina, const ForwardContext& context) const;

  RamOptions options_;
  InputSpec input_;
  RetinaShape retina_;
  GlimpseNetwork network_;
  bool fused_ = true;
};
TORCH_MODULE(Ram);

}  // namespace fovea
