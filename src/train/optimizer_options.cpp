#include <fovea/base/error.h>
#include <fovea/train/optimizer_options.h>

namespace fovea {
namespace {

using torch::optim::AdamWParamState;
using torch::optim::OptimizerParamState;
using torch::optim::RMSpropParamState;
using torch::optim::SGDParamState;

}  // namespace

torch::Tensor SavedParameterState::tensor(const char* what) {
  return take(what, like_);
}

std::int64_t SavedParameterState::counter(const char* what) {
  return take(what, torch::zeros({}, torch::kInt64)).item<std::int64_t>();
}

torch::Tensor SavedParameterState::take(const char* what, const torch::Tensor& like) {
  const auto found = state_.find(parameter_ + "." + what);
  if (found == state_.end() || found->second.sizes() != like.sizes() ||
      found->second.is_floating_point() != like.is_floating_point()) {
    throw InputError(where_ + ": optimiser state", "'" + parameter_ + "." + what + "'",
                     found == state_.end() ? "none" : "one of another shape or type",
                     "the checkpoint belongs to another configuration");
  }
  ++taken_;
  return found->second.to(like.device(), /*non_blocking=*/false, /*copy=*/true);
}

void OptimizerOptions::visit_fields(FieldVisitor& fields) {
  fields.real("learning_rate", learning_rate, kPositiveFactor, "highest learning rate; the schedule multiplies it");
  visit_own_fields(fields);
  fields.real("weight_decay", weight_decay, kNonNegativeFactor, "weight decay, added to the gradient; decoupled in adamw");
  fields.boolean("decay_norms_and_biases", decay_norms_and_biases, "apply weight decay to norms and biases too");
}

SgdOptions::SgdOptions() {
  weight_decay = 5e-4;
}

void SgdOptions::visit_own_fields(FieldVisitor& fields) {
  fields.real("momentum", momentum, kFractionBelowOne, "momentum");
  fields.boolean("nesterov", nesterov, "Nesterov momentum");
}

void SgdOptions::validate() const {
  if (nesterov && momentum == 0) {
    throw InputError("train.optimizer.nesterov", "false without momentum", "true", "set momentum or nesterov: false");
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

NamedTensors SgdOptions::save(const OptimizerParamState& state) const {
  return {{"momentum", dynamic_cast<const SGDParamState&>(state).momentum_buffer()}};
}

std::unique_ptr<OptimizerParamState> SgdOptions::restore(SavedParameterState& saved) const {
  auto state = std::make_unique<SGDParamState>();
  state->momentum_buffer(saved.tensor("momentum"));
  return state;
}

AdamwOptions::AdamwOptions() {
  learning_rate = 1e-3;
  weight_decay = 0.01;
}

void AdamwOptions::visit_own_fields(FieldVisitor& fields) {
  fields.real("beta1", beta1, kFractionBelowOne, "decay rate of the running mean of gradients");
  fields.real("beta2", beta2, kFractionBelowOne, "decay rate of the running mean of squared gradients");
  fields.real("epsilon", epsilon, kPositiveFactor, "term added to the denominator");
}

std::unique_ptr<torch::optim::Optimizer> AdamwOptions::build(std::vector<torch::optim::OptimizerParamGroup> groups) const {
  return std::make_unique<torch::optim::AdamW>(std::move(groups), torch::optim::AdamWOptions(learning_rate));
}

std::unique_ptr<torch::optim::OptimizerOptions> AdamwOptions::group_options(double decay) const {
  auto options = std::make_unique<torch::optim::AdamWOptions>(learning_rate);
  options->betas({beta1, beta2}).eps(epsilon).weight_decay(decay);
  return options;
}

NamedTensors AdamwOptions::save(const OptimizerParamState& state) const {
  const auto& adam = dynamic_cast<const AdamWParamState&>(state);
  return {{"mean", adam.exp_avg()}, {"square", adam.exp_avg_sq()}, {"step", torch::tensor(adam.step(), torch::kInt64)}};
}

std::unique_ptr<OptimizerParamState> AdamwOptions::restore(SavedParameterState& saved) const {
  auto state = std::make_unique<AdamWParamState>();
  state->exp_avg(saved.tensor("mean"));
  state->exp_avg_sq(saved.tensor("square"));
  state->step(saved.counter("step"));
  return state;
}

RmspropOptions::RmspropOptions() {
  learning_rate = 0.01;
}

void RmspropOptions::visit_own_fields(FieldVisitor& fields) {
  fields.real("alpha", alpha, kFractionBelowOne, "smoothing constant of the running mean of squared gradients");
  fields.real("epsilon", epsilon, kPositiveFactor, "term added to the denominator");
  fields.real("momentum", momentum, kFractionBelowOne, "momentum");
  fields.boolean("centered", centered,
                 "divide by the standard deviation of the gradients instead of their root mean square");
}

std::unique_ptr<torch::optim::Optimizer> RmspropOptions::build(std::vector<torch::optim::OptimizerParamGroup> groups) const {
  return std::make_unique<torch::optim::RMSprop>(std::move(groups), torch::optim::RMSpropOptions(learning_rate));
}

std::unique_ptr<torch::optim::OptimizerOptions> RmspropOptions::group_options(double decay) const {
  auto options = std::make_unique<torch::optim::RMSpropOptions>(learning_rate);
  options->alpha(alpha).eps(epsilon).momentum(momentum).centered(centered).weight_decay(decay);
  return options;
}

NamedTensors RmspropOptions::save(const OptimizerParamState& state) const {
  const auto& rmsprop = dynamic_cast<const RMSpropParamState&>(state);
  return {{"square", rmsprop.square_avg()},
          {"step", torch::tensor(rmsprop.step(), torch::kInt64)},
          {"momentum", rmsprop.momentum_buffer()},
          {"mean", rmsprop.grad_avg()}};
}

std::unique_ptr<OptimizerParamState> RmspropOptions::restore(SavedParameterState& saved) const {
  auto state = std::make_unique<RMSpropParamState>();
  state->square_avg(saved.tensor("square"));
  state->step(saved.counter("step"));
  if (momentum > 0) state->momentum_buffer(saved.tensor("momentum"));
  if (centered) state->grad_avg(saved.tensor("mean"));
  return state;
}

NamedOptions<OptimizerOptions> optimizer_field() {
  return NamedOptions<OptimizerOptions>({{.name = "sgd", .make = [] { return std::make_shared<SgdOptions>(); }},
                                         {.name = "adamw", .make = [] { return std::make_shared<AdamwOptions>(); }},
                                         {.name = "rmsprop", .make = [] { return std::make_shared<RmspropOptions>(); }}});
}

}  // namespace fovea
