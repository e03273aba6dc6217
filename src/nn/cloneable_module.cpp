#include <string>

#include <fovea/base/error.h>
#include <fovea/nn/cloneable_module.h>
#include <fovea/nn/initialise.h>

namespace fovea {
namespace {

using NamedDict = torch::OrderedDict<std::string, torch::Tensor>;

/// Gives every tensor of `to` its own storage with the values of the tensor of the same name in `from`.
void copy_tensors(const NamedDict& from, NamedDict to, const torch::optional<torch::Device>& device,
                  const std::string& module) {
  if (from.size() != to.size()) throw Error(module + ": cannot be cloned: rebuilt() gives other parameters or buffers");
  for (const auto& entry : from) {
    torch::Tensor* target = to.find(entry.key());
    if (target == nullptr) throw Error(module + ": cannot be cloned: rebuilt() gives no '" + entry.key() + "'");
    target->set_data(entry.value().detach().to(device.value_or(entry.value().device())).clone());
    if (entry.value().is_leaf()) target->set_requires_grad(entry.value().requires_grad());
  }
}

/// Copies training or evaluation mode by module: freeze() leaves some modules in evaluation mode.
void copy_modes(const torch::nn::Module& from, torch::nn::Module& to) {
  to.train(from.is_training());
  const auto targets = to.named_children();
  for (const auto& child : from.named_children()) copy_modes(*child.value(), *targets[child.key()]);
}

}  // namespace

std::shared_ptr<torch::nn::Module> CloneableModule::clone(const torch::optional<torch::Device>& device) const {
  const SkipDraws skip;
  auto copy = rebuilt();
  dynamic_cast<CloneableModule&>(*copy).copy_from(*this, device);
  return copy;
}

std::shared_ptr<torch::nn::Module> CloneableModule::rebuilt() const {
  throw Error(name() + ": cannot be cloned: the type does not override rebuilt()");
}

void CloneableModule::clone_(torch::nn::Module& other, const torch::optional<torch::Device>& device) {
  const auto* original = dynamic_cast<const CloneableModule*>(&other);
  if (original == nullptr || typeid(*original) != typeid(*this)) {
    throw Error(name() + ": cannot be cloned from a module of another type, " + other.name());
  }
  copy_from(*original, device);
}

void CloneableModule::copy_from(const CloneableModule& original, const torch::optional<torch::Device>& device) {
  const torch::NoGradGuard no_grad;
  repeat_changes(original);
  copy_tensors(original.named_parameters(), named_parameters(), device, name());
  copy_tensors(original.named_buffers(), named_buffers(), device, name());
  copy_modes(original, *this);
}

}  // namespace fovea
