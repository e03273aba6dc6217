#include <fovea/base/error.h>
#include <fovea/base/torch_compat.h>
#include <fovea/train/optimizer.h>

namespace fovea {
namespace {

using torch::optim::AdamWParamState;
using torch::optim::SGDParamState;

/// Takes tensors of one parameter out of a saved state and counts them.
class StateReader {
 public:
  StateReader(const NamedTensors& state, const std::string& where) : state_(state), where_(where) {}

  bool contains(const std::string& name) const { return state_.contains(name); }

  /// A copy on `like`'s device. @throws InputError when it is missing or has another shape.
  torch::Tensor take(const std::string& name, const torch::Tensor& like) {
    const auto found = state_.find(name);
    if (found == state_.end() || found->second.sizes() != like.sizes()) {
      fail("'" + name + "'", found == state_.end() ? "none" : "one of another shape");
    }
    ++taken_;
    return found->second.to(like.device(), /*non_blocking=*/false, /*copy=*/true);
  }

  /// @throws InputError when something was left.
  void finish() const {
    if (taken_ != state_.size()) fail(std::to_string(taken_) + " tensors", std::to_string(state_.size()));
  }

 private:
  [[noreturn]] void fail(const std::string& expected, const std::string& got) const {
    throw InputError(where_ + ": optimiser state", expected, got, "the checkpoint belongs to another configuration");
  }

  const NamedTensors& state_;
  const std::string& where_;
  std::size_t taken_ = 0;
};

}  // namespace

SgdOptions::SgdOptions() {
  weight_decay = 5e-4;
}

void SgdOptions::visit_fields(FieldVisitor& fields) {
  fields.real("learning_rate", learning_rate, kPositive, "highest learning rate; the schedule multiplies it");
  fields.real("momentum", momentum, kFractionBelowOne, "share of the last step that goes on");
  fields.boolean("nesterov", nesterov, "look ahead along the momentum");
  fields.real("weight_decay", weight_decay, kNonNegative, "pull of weights towards zero");
  fields.boolean("decay_norms_and_biases", decay_norms_and_biases, "apply weight decay to norms and biases too");
}

void SgdOptions::validate() const {
  if (nesterov && momentum == 0) {
    throw InputError("train.optimizer.nesterov", "false without momentum", "true", "set momentum, or nesterov: false");
  }
}

std::unique_ptr<torch::optim::Optimizer> SgdOptions::build(std::vector<torch::optim::OptimizerParamGroup> groups) const {
  return std::make_unique<torch::optim::SGD>(std::move(groups), torch::optim::SGDOptions(learning_rate));
}

std::unique_ptr<torch::optim::OptimizerOptions> SgdOptions::group_options(double decay) const {
  auto options = std::make_unique<torch::optim::SGDOptions>(learning_rate);
  options->momentum(momentum).nesterov(nesterov).weight_decay(decay);
  return options;
}

AdamwOptions::AdamwOptions() {
  learning_rate = 1e-3;
  weight_decay = 0.01;
}

void AdamwOptions::visit_fields(FieldVisitor& fields) {
  fields.real("learning_rate", learning_rate, kPositive, "highest learning rate; the schedule multiplies it");
  fields.real("beta1", beta1, kFractionBelowOne, "decay of the gradients' running mean");
  fields.real("beta2", beta2, kFractionBelowOne, "decay of the squared gradients' running mean");
  fields.real("epsilon", epsilon, kPositive, "added to the denominator");
  fields.real("weight_decay", weight_decay, kNonNegative, "pull of weights towards zero, times the learning rate");
  fields.boolean("decay_norms_and_biases", decay_norms_and_biases, "apply weight decay to norms and biases too");
}

std::unique_ptr<torch::optim::Optimizer> AdamwOptions::build(std::vector<torch::optim::OptimizerParamGroup> groups) const {
  return std::make_unique<torch::optim::AdamW>(std::move(groups), torch::optim::AdamWOptions(learning_rate));
}

std::unique_ptr<torch::optim::OptimizerOptions> AdamwOptions::group_options(double decay) const {
  auto options = std::make_unique<torch::optim::AdamWOptions>(learning_rate);
  options->betas({beta1, beta2}).eps(epsilon).weight_decay(decay);
  return options;
}

NamedOptions<OptimizerOptions> optimizer_field() {
  return NamedOptions<OptimizerOptions>(
      {{"sgd", [] { return std::make_shared<SgdOptions>(); }}, {"adamw", [] { return std::make_shared<AdamwOptions>(); }}});
}

Optimizer::Optimizer(const OptimizerOptions& options, const torch::nn::Module& network)
    : learning_rate_(options.learning_rate) {
  options.validate();
  std::vector<torch::Tensor> decayed, spared;
  for (const auto& item : network.named_parameters()) {
    parameters_.emplace_back(item.key(), item.value());
    const bool decays = options.decay_norms_and_biases || item.value().dim() > 1;
    (decays ? decayed : spared).push_back(item.value());
  }
  std::vector<torch::optim::OptimizerParamGroup> groups;
  groups.emplace_back(std::move(decayed), options.group_options(options.weight_decay));
  groups.emplace_back(std::move(spared), options.group_options(0));
  optimizer_ = options.build(std::move(groups));
}

void Optimizer::step(double multiplier) {
  for (auto& group : optimizer_->param_groups()) group.options().set_lr(learning_rate_ * multiplier);
  optimizer_->step();
}

NamedTensors Optimizer::state() const {
  NamedTensors tensors;
  for (const auto& [name, parameter] : parameters_) {
    const auto found = optimizer_->state().find(compat::optimizer_state_key(parameter));
    if (found == optimizer_->state().end()) continue;
    if (const auto* sgd = dynamic_cast<const SGDParamState*>(found->second.get())) {
      if (sgd->momentum_buffer().defined()) tensors.emplace(name + ".momentum", sgd->momentum_buffer());
    } else if (const auto* adam = dynamic_cast<const AdamWParamState*>(found->second.get())) {
      tensors.emplace(name + ".mean", adam->exp_avg());
      tensors.emplace(name + ".square", adam->exp_avg_sq());
      tensors.emplace(name + ".step", torch::tensor(adam->step(), torch::kInt64));
    }
  }
  return tensors;
}

void Optimizer::load_state(const NamedTensors& state, const std::string& where) {
  StateReader reader(state, where);
  for (const auto& [name, parameter] : parameters_) {
    if (reader.contains(name + ".momentum")) {
      auto momentum = std::make_unique<SGDParamState>();
      momentum->momentum_buffer(reader.take(name + ".momentum", parameter));
      optimizer_->state()[compat::optimizer_state_key(parameter)] = std::move(momentum);
    } else if (reader.contains(name + ".mean")) {
      auto moments = std::make_unique<AdamWParamState>();
      moments->exp_avg(reader.take(name + ".mean", parameter));
      moments->exp_avg_sq(reader.take(name + ".square", parameter));
      moments->step(reader.take(name + ".step", torch::zeros({}, torch::kInt64)).item<std::int64_t>());
      optimizer_->state()[compat::optimizer_state_key(parameter)] = std::move(moments);
    }
  }
  reader.finish();
}

}  // namespace fovea
