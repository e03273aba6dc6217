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

/// Where the first glimpse goes.
enum class FirstGlimpse {
  centre,
  random,  ///< uniform in the policy's range, as in the paper
};

struct RamOptions {
  std::int64_t glimpses = 6;
  std::int64_t patch = 12;  ///< positions along a side of a window
  std::int64_t scales = 3;  ///< windows of a glimpse, each twice as wide as the one before
  GlimpseEncoderKind encoder = GlimpseEncoderKind::linear;
  std::int64_t encoder_channels = 32;   ///< of the convolutional encoder's first layer
  std::int64_t encoder_features = 128;  ///< of what and of where
  CoreKind core = CoreKind::relu;
  std::int64_t width = 256;            ///< of a glimpse's code and of the core's state
  std::int64_t policy_features = 128;  ///< of the location policy's hidden layer; 0 = none
  double range = 0.8;                  ///< largest coordinate of a glimpse
  FirstGlimpse first = FirstGlimpse::centre;

  void visit_fields(FieldVisitor& fields);
};

/// The recurrent attention model of "Recurrent Models of Visual Attention", arXiv:1406.6247: looks at an image in T
/// glimpses, each at a place that it matches by what it saw before, and says what it sees after each of them. Reads an image
/// of any size with any number of channels, also 8-bit and of different sizes within a batch, and of it no more than its
/// windows.
///
/// Parts: `encoder`, `core`, `policy`, `baseline`, `classifier`. Who gets gradient from which output says
/// composed_rollout(). ForwardContext::policy says how positions come about; in `random` and `centre`, all of them.
///
/// Differs from the paper: a policy with a bounded mean and a hidden layer; the first glimpse goes to the centre; the core's
/// recurrent weight starts as the identity. `policy_features: 0`, `first: random` and `range: 1` undo the most of it.
class RamImpl final : public Classifier {
 public:
  /// @throws InputError naming an option that is out of its range, impossible or would do nothing.
  explicit RamImpl(const RamOptions& options = {}, const InputSpec& input = {},
                   AttentionFactory& attention = no_attention());

  using Classifier::forward;
  /// @throws ShapeError when images have another number of channels, or replayed positions do not fit.
  ModelOutput forward(const Batch& batch, ForwardContext& context) override;
  std::string head() const override { return "classifier"; }
  bool takes_glimpses() const override { return true; }

  /// The composed reference in place of the fused rollout, for comparison.
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
