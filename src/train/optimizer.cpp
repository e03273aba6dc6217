#include <map>
#include <type_traits>
#include <utility>

#include <fovea/base/error.h>
#include <fovea/base/torch_compat.h>
#include <fovea/train/optimizer.h>

namespace fovea {
namespace {

using StateKey = std::decay_t<decltype(std::declval<torch::optim::Optimizer&>().state())>::key_type;

}  // namespace

Optimizer::Optimizer(const OptimizerOptions& options, std::vector<TrainedParameter> parameters)
    : options_(options), parameters_(std::move(parameters)) {
  options.validate();
  std::map<std::pair<double, double>, std::vector<torch::Tensor>> groups;  // by multiplier and weight decay
  for (const TrainedParameter& parameter : parameters_) {
    const bool decays = options.decay_norms_and_biases || parameter.tensor.dim() > 1;
    groups[{parameter.multiplier, decays ? options.weight_decay : 0}].push_back(parameter.tensor);
  }
  std::vector<torch::optim::OptimizerParamGroup> built;
  for (auto& [key, tensors] : groups) {
    const auto [multiplier, decay] = key;
    group_multipliers_.push_back(multiplier);
    built.emplace_back(std::move(tensors), options.group_options(decay));
  }
  optimizer_ = options.build(std::move(built));
}

void Optimizer::step(double schedule_factor) {
  auto& groups = optimizer_->param_groups();
  for (std::size_t i = 0; i < groups.size(); ++i) {
    groups[i].options().set_lr(options_.learning_rate * schedule_factor * group_multipliers_[i]);
  }
  optimizer_->step();
}

NamedTensors Optimizer::state() const {
  NamedTensors tensors;
  for (const TrainedParameter& parameter : parameters_) {
    const auto found = optimizer_->state().find(compat::optimizer_state_key<StateKey>(parameter.tensor));
    if (found == optimizer_->state().end()) continue;
    for (const auto& [what, tensor] : options_.save(*found->second)) {
      if (tensor.defined()) tensors.emplace(parameter.name + "." + what, tensor);
    }
  }
  return tensors;
}

void Optimizer::load_state(const NamedTensors& state, const std::string& where) {
  std::size_t taken = 0;
  for (const TrainedParameter& parameter : parameters_) {
    const auto own = state.lower_bound(parameter.name + ".");
    if (own == state.end() || !own->first.starts_with(parameter.name + ".")) continue;  // it had no gradient so far
    SavedParameterState saved(state, parameter.name, parameter.tensor, where);
    optimizer_->state()[compat::optimizer_state_key<StateKey>(parameter.tensor)] = options_.restore(saved);
    taken += saved.taken();
  }
  if (taken != state.size()) {
    throw InputError(where + ": optimiser state", std::to_string(taken) + " tensors", std::to_string(state.size()),
                     "the checkpoint belongs to another configuration");
  }
}

}  // namespace fovea
