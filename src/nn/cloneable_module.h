#pragma once

#include <memory>

#include <torch/torch.h>

namespace fovea {

/// Base of fovea's modules: they can be cloned like LibTorch's own, alone and inside other modules. clone() constructs a new
/// module and copies every parameter and buffer. torch::nn::Cloneable instead needs a module that builds itself in reset(),
/// which a module built for an insertion point in a backbone cannot do.
class CloneableModule : public torch::nn::Module {
 public:
  using torch::nn::Module::Module;

  /// A module of the same type with copies of all parameters and buffers, in the same mode (training or evaluation), with
  /// the same parameters frozen. @param device of the copy; none = the same.
  std::shared_ptr<torch::nn::Module> clone(const torch::optional<torch::Device>& device = torch::nullopt) const override;

 protected:
  /// New module from the same constructor arguments; clone() overwrites its weights.
  /// @throws Error unless the type overrides it: cloning never loses weights silently.
  virtual std::shared_ptr<torch::nn::Module> rebuilt() const;

  /// Repeats on this module, which rebuilt() returned, the changes to `original` after its construction.
  virtual void repeat_changes(const CloneableModule& /*original*/) {}

 private:
  /// Copies the weights of `other` into this module: called by LibTorch when an enclosing module is cloned.
  void clone_(torch::nn::Module& other, const torch::optional<torch::Device>& device) override;

  void copy_from(const CloneableModule& original, const torch::optional<torch::Device>& device);
};

}  // namespace fovea
