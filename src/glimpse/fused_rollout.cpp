#include <array>
#include <memory>
#include <string>
#include <utility>

#include <fovea/glimpse/internal/core_steps.h>
#include <fovea/glimpse/rollout.h>

namespace fovea {
namespace {

/// Parameters of the network, in the order of the autograd function's arguments and gradients.
enum Weight : std::size_t {
  kWhat,
  kWhatBias,
  kWhere,
  kWhereBias,
  kWhatOut,
  kWhatOutBias,
  kWhereOut,
  kWhereOutBias,
  kCoreInput,
  kCoreRecurrent,
  kCoreInputBias,
  kCoreRecurrentBias,
  kClassifier,
  kClassifierBias,
  kPolicyHidden,
  kPolicyHiddenBias,
  kLocation,
  kLocationBias,
  kBaseline,
  kBaselineBias,
  kWeights
};
using Weights = std::array<torch::Tensor, kWeights>;

/// @param network with a linear encoder. The policy's hidden layer is an empty tensor where there is none: an autograd
/// function takes no undefined tensors.
Weights weights_of(const GlimpseNetwork& network) {
  const auto& encoder = dynamic_cast<const LinearGlimpseEncoderImpl&>(*network.encoder);
  const RecurrentCoreImpl& core = *network.core;
  Weights weights{};
  const auto take = [&](Weight first, const torch::nn::Linear& layer) {
    weights[first] = layer->weight;
    weights[first + 1] = layer->bias;
  };
  take(kWhat, encoder.what);
  take(kWhere, encoder.where);
  take(kWhatOut, encoder.what_out);
  take(kWhereOut, encoder.where_out);
  weights[kCoreInput] = core.weight_ih;
  weights[kCoreRecurrent] = core.weight_hh;
  weights[kCoreInputBias] = core.bias_ih;
  weights[kCoreRecurrentBias] = core.bias_hh;
  take(kClassifier, network.classifier);
  if (network.policy->hidden) {
    take(kPolicyHidden, network.policy->hidden);
  } else {
    weights[kPolicyHidden] = weights[kPolicyHiddenBias] = torch::empty({0}, core.weight_hh.options().requires_grad(false));
  }
  take(kLocation, network.policy->location);
  take(kBaseline, network.baseline);
  return weights;
}

/// out = inputs x weight^T + bias, for [R, in] or for all steps at once.
void linear_into(torch::Tensor out, const torch::Tensor& inputs, const torch::Tensor& weight, const torch::Tensor& bias) {
  at::addmm_out(out, bias, inputs, weight.t());
}

/// The first `count` steps of [T, R, ...] as rows.
torch::Tensor rows_of(const torch::Tensor& steps, std::int64_t count) {
  return steps.narrow(0, 0, count).flatten(0, 1);
}
torch::Tensor rows_of(const torch::Tensor& steps) {
  return steps.flatten(0, 1);
}

/// Backward of a ReLU whose result was `result`, in place.
torch::Tensor through_relu(torch::Tensor gradient, const torch::Tensor& result) {
  return at::threshold_backward_out(gradient, gradient, result, 0);
}

/// Results of a rollout of R rows, for the backward pass. Buffers are [T, R, ...]: steps first, so that those of
/// all steps are one matrix.
class Rollout final : public torch::CustomClassHolder {
 public:
  Rollout(const GlimpseNetwork& network, const Retina& retina, const RolloutPlan& plan, const Weights& weights)
      : range_(network.policy->range()),
        steps_(plan.glimpses),
        rows_(retina.rows()),
        core_(make_core_steps(
            network.core->kind(),
            {weights[kCoreInput], weights[kCoreRecurrent], weights[kCoreInputBias], weights[kCoreRecurrentBias]}, steps_,
            rows_)) {
    const auto buffer = [&](std::int64_t steps, std::int64_t features) {
      return torch::empty({steps, rows_, features}, weights[kWhat].options().requires_grad(false));
    };
    const std::int64_t features = weights[kWhere].size(0);
    locations = buffer(steps_, 2);
    patches = buffer(steps_, weights[kWhat].size(1));
    samples = buffer(steps_ - 1, 2);
    what_ = buffer(steps_, features);
    where_ = buffer(steps_, features);
    glimpses_ = buffer(steps_, weights[kWhatOut].size(0));
    if (weights[kPolicyHidden].numel() > 0) policy_hidden_ = buffer(steps_ - 1, weights[kPolicyHidden].size(0));
    squashed_ = buffer(steps_ - 1, 2);
  }

  void run(const Retina& retina, const RolloutPlan& plan, const Weights& weights) {
    const auto encoder_bias = weights[kWhatOutBias] + weights[kWhereOutBias];
    for (std::int64_t t = 0; t < steps_; ++t) {
      if (plan.locations.defined()) {
        locations.select(0, t).copy_(plan.locations.select(1, t));
      } else if (t == 0) {
        locations.select(0, 0).copy_(plan.first);
      }
      look(retina, t, weights, encoder_bias);
      core_->forward(t, glimpses_.select(0, t));
      if (t + 1 < steps_) choose(plan, t, weights);
    }
  }

  /// [T, R, K].
  torch::Tensor logits(const Weights& weights) const {
    return at::addmm(weights[kClassifierBias], rows_of(core_->hidden), weights[kClassifier].t())
        .view({steps_, rows_, weights[kClassifier].size(0)});
  }
  /// [T - 1, R, 2].
  torch::Tensor means() const { return squashed_ * range_; }
  /// [T - 1, R].
  torch::Tensor baselines(const Weights& weights) const {
    return at::addmm(weights[kBaselineBias], rows_of(core_->hidden, steps_ - 1), weights[kBaseline].t())
        .view({steps_ - 1, rows_});
  }

  /// Gradients of classifier, core and encoder. @param d_logits [T, R, K].
  void classification_gradient(const torch::Tensor& d_logits, const Weights& weights, Weights& gradients) {
    const auto hidden = rows_of(core_->hidden);
    linear_gradient(rows_of(d_logits), hidden, kClassifier, gradients);
    core_->begin_backward(at::mm(rows_of(d_logits), weights[kClassifier]).view_as(core_->hidden));
    for (std::int64_t t = steps_ - 1; t >= 0; --t) core_->backward(t);

    const auto d_input = rows_of(core_->d_input), d_recurrent = rows_of(core_->d_recurrent);
    const auto glimpses = rows_of(glimpses_);
    gradients[kCoreInput] = at::mm(d_input.t(), glimpses);
    gradients[kCoreInputBias] = d_input.sum(0);
    gradients[kCoreRecurrentBias] = d_recurrent.sum(0);
    gradients[kCoreRecurrent] =  // the first state is 0
        at::mm(d_recurrent.narrow(0, rows_, (steps_ - 1) * rows_).t(), rows_of(core_->hidden, steps_ - 1));

    const auto d_glimpses = through_relu(at::mm(d_input, weights[kCoreInput]), glimpses);
    stream_gradient(d_glimpses, what_, patches, kWhatOut, kWhat, weights, gradients);
    stream_gradient(d_glimpses, where_, locations, kWhereOut, kWhere, weights, gradients);
  }

  /// Gradients of the location policy. @param d_means [T - 1, R, 2].
  void policy_gradient(const torch::Tensor& d_means, const Weights& weights, Weights& gradients) const {
    const auto d_location = rows_of(at::tanh_backward(d_means * range_, squashed_));
    const auto hidden = rows_of(core_->hidden, steps_ - 1);
    if (!policy_hidden_.defined()) return linear_gradient(d_location, hidden, kLocation, gradients);
    const auto policy_hidden = rows_of(policy_hidden_);
    linear_gradient(d_location, policy_hidden, kLocation, gradients);
    linear_gradient(through_relu(at::mm(d_location, weights[kLocation]), policy_hidden), hidden, kPolicyHidden, gradients);
  }

  /// Gradients of the baseline layer. @param d_baselines [T - 1, R].
  void baseline_gradient(const torch::Tensor& d_baselines, Weights& gradients) const {
    linear_gradient(d_baselines.reshape({-1, 1}), rows_of(core_->hidden, steps_ - 1), kBaseline, gradients);
  }

  torch::Tensor locations;  ///< [T, R, 2]
  torch::Tensor patches;    ///< [T, R, S C G G]
  torch::Tensor samples;    ///< [T - 1, R, 2]

 private:
  /// glimpses[t] = ReLU(what_out ReLU(what(patches)) + where_out ReLU(where(location))).
  void look(const Retina& retina, std::int64_t t, const Weights& weights, const torch::Tensor& encoder_bias) {
    auto seen = patches.select(0, t), what = what_.select(0, t), where = where_.select(0, t),
         glimpse = glimpses_.select(0, t);
    const auto location = locations.select(0, t);
    retina.look(location, seen);
    linear_into(what, seen, weights[kWhat], weights[kWhatBias]);
    what.relu_();
    linear_into(where, location, weights[kWhere], weights[kWhereBias]);
    where.relu_();
    linear_into(glimpse, what, weights[kWhatOut], encoder_bias);
    glimpse.addmm_(where, weights[kWhereOut].t()).relu_();
  }

  /// Choice after step t and, unless all locations are given, location of step t + 1.
  void choose(const RolloutPlan& plan, std::int64_t t, const Weights& weights) {
    auto features = core_->hidden.select(0, t);
    if (policy_hidden_.defined()) {
      auto hidden = policy_hidden_.select(0, t);
      linear_into(hidden, features, weights[kPolicyHidden], weights[kPolicyHiddenBias]);
      features = hidden.relu_();
    }
    auto squashed = squashed_.select(0, t), sample = samples.select(0, t);
    linear_into(squashed, features, weights[kLocation], weights[kLocationBias]);
    squashed.tanh_();
    sample.copy_(squashed).mul_(range_);
    if (plan.noise.defined()) sample.add_(plan.noise.select(1, t), plan.standard_deviation);
    if (plan.locations.defined()) return;
    auto next = locations.select(0, t + 1);
    at::clamp_out(next, sample, -range_, range_);
  }

  /// Gradients of a linear layer's weight and bias. @param d_outputs, inputs rows of all steps. @param weight its bias
  /// follows.
  static void linear_gradient(const torch::Tensor& d_outputs, const torch::Tensor& inputs, Weight weight,
                              Weights& gradients) {
    gradients[weight] = at::mm(d_outputs.t(), inputs);
    gradients[weight + 1] = d_outputs.sum(0);
  }

  /// Gradients of one of the encoder's two streams: out(ReLU(in(inputs))).
  static void stream_gradient(const torch::Tensor& d_outputs, const torch::Tensor& features, const torch::Tensor& inputs,
                              Weight out, Weight in, const Weights& weights, Weights& gradients) {
    linear_gradient(d_outputs, rows_of(features), out, gradients);
    linear_gradient(through_relu(at::mm(d_outputs, weights[out]), rows_of(features)), rows_of(inputs), in, gradients);
  }

  double range_;
  std::int64_t steps_, rows_;
  std::unique_ptr<CoreSteps> core_;
  torch::Tensor what_, where_;   ///< [T, R, features], the encoder's streams behind their ReLUs
  torch::Tensor glimpses_;       ///< [T, R, width of the core's input]
  torch::Tensor policy_hidden_;  ///< [T - 1, R, hidden features], behind its ReLU; undefined when there is none
  torch::Tensor squashed_;       ///< [T - 1, R, 2], tanh(location(...))
};

/// Autograd function from the parameters to logits, means, baselines, locations, samples and patches, steps first.
class RolloutFunction final : public torch::autograd::Function<RolloutFunction> {
 public:
  enum Output : std::size_t { kLogits, kMeans, kBaselines, kLocations, kSamples, kPatches };

  template <typename... Parameters>
  static torch::autograd::variable_list forward(torch::autograd::AutogradContext* context, const GlimpseNetwork& network,
                                                const Retina& retina, const RolloutPlan& plan,
                                                const Parameters&... parameters) {
    const Weights weights{parameters...};
    auto rollout = c10::make_intrusive<Rollout>(network, retina, plan, weights);
    rollout->run(retina, plan, weights);
    context->save_for_backward({weights.begin(), weights.end()});
    context->saved_data["rollout"] = c10::IValue::make_capsule(rollout);
    context->set_materialize_grads(false);
    context->mark_non_differentiable({rollout->locations, rollout->samples, rollout->patches});
    return {rollout->logits(weights), rollout->means(), rollout->baselines(weights),
            rollout->locations,       rollout->samples, rollout->patches};
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 torch::autograd::variable_list outputs) {
    const auto saved = context->get_saved_variables();
    Weights weights{}, gradients{};
    std::copy(saved.begin(), saved.end(), weights.begin());
    auto& rollout = static_cast<Rollout&>(*context->saved_data.at("rollout").toCapsule());
    const auto arrived = [&](Output output) { return outputs[output].defined() && outputs[output].numel() > 0; };
    if (arrived(kLogits)) rollout.classification_gradient(outputs[kLogits], weights, gradients);
    if (arrived(kMeans)) rollout.policy_gradient(outputs[kMeans], weights, gradients);
    if (arrived(kBaselines)) rollout.baseline_gradient(outputs[kBaselines], gradients);
    torch::autograd::variable_list result(kOtherArguments);
    result.insert(result.end(), gradients.begin(), gradients.end());
    return result;
  }

 private:
  static constexpr std::size_t kOtherArguments = 3;  // network, retina, plan
};

}  // namespace

bool can_fuse(const GlimpseNetwork& network, const Retina& retina) {
  return retina.device().is_cpu() && dynamic_cast<const LinearGlimpseEncoderImpl*>(network.encoder.get()) != nullptr;
}

GlimpseTrajectory fused_rollout(const GlimpseNetwork& network, const Retina& retina, const RolloutPlan& plan) {
  const auto steps =
      std::apply([&](const auto&... parameters) { return RolloutFunction::apply(network, retina, plan, parameters...); },
                 weights_of(network));
  const auto rows_first = [&](RolloutFunction::Output output) { return steps[output].transpose(0, 1); };
  GlimpseTrajectory trajectory;
  trajectory.locations = rows_first(RolloutFunction::kLocations);
  trajectory.logits = rows_first(RolloutFunction::kLogits);
  trajectory.means = rows_first(RolloutFunction::kMeans);
  trajectory.baselines = rows_first(RolloutFunction::kBaselines);
  trajectory.samples = rows_first(RolloutFunction::kSamples);
  if (plan.noise.defined()) {
    trajectory.log_probs = gaussian_log_prob(trajectory.samples, trajectory.means, plan.standard_deviation);
  }
  if (plan.record_glimpses) {
    const RetinaShape& shape = retina.shape();
    trajectory.patches =
        rows_first(RolloutFunction::kPatches).unflatten(2, {shape.scales, retina.channels(), shape.patch, shape.patch});
    trajectory.windows = retina.windows(trajectory.locations);
  }
  return trajectory;
}

}  // namespace fovea
