#pragma once

#include <memory>

#include <torch/torch.h>

namespace fovea {

/// Base of fovea's modules: they can be cloned as LibTorch's own can, alone and inside other modules. clone() builds the
/// module again and copies every parameter and buffer; torch::nn::Cloneable needs a module that builds itself in reset()
/// instead, which a module built for an insertion point in a backbone cannot do.
class CloneableModule : public torch::nn::Module {
 public:
  using torch::nn::Module::Module;

  /// A module of the same type with copies of all parameters and buffers, in the same mode (training or evaluation), with
  /// the same parameters frozen. @param device of the copy; none = the same.
  std::shared_ptr<torch::nn::Module> clone(const torch::optional<torch::Device>& device = torch::nullopt) const override;

 protected:
  /// Another module from the arguments that this one was built from. Its weights do not matter.
  /// @throws Error unless the type overrides it: cloning never loses weights silently.
  virtual std::shared_ptr<torch::nn::Module> rebuilt() const;

  /// Repeats on this module, which rebuilt() just gave, what was done to `original` since it was built.
  virtual void repeat_changes(const CloneableModule& /*original*/) {}

 private:
  /// For the clone() of a module around this one, which has built this one anew and wants the weights of `other`.
  void clone_(torch::nn::Module& other, const torch::optional<torch::Device>& device) override;

  void copy_from(const CloneableModule& original, const torch::optional<torch::Device>& device);
};

}  // namespace fovea
