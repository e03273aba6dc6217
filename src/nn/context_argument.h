#pragma once

#include <memory>

#include <torch/torch.h>

#include <fovea/nn/cloneable_module.h>
#include <fovea/nn/forward_context.h>

namespace fovea {

/// Context of a module's forward(): the caller's, or a new one for this call. The random draws of a new one are keyed by
/// LibTorch's default generator, so that torch::manual_seed() repeats them; see ForwardStream. In training, hard choices are
/// drawn from their policy.
class ContextArgument {
 public:
  ContextArgument() = default;
  ContextArgument(ForwardContext& context) : context_(&context) {}  // NOLINT(google-explicit-constructor)

  /// @param module that is called; in evaluation mode, LibTorch's generator is not used.
  ForwardContext& of(const torch::nn::Module& module) {
    if (context_ != nullptr) return *context_;
    own_ = std::make_shared<ForwardContext>();
    if (module.is_training()) {
      own_->random = ForwardStream::from_default_generator();
      own_->policy = PolicyMode::sample;
    }
    context_ = own_.get();
    return *context_;
  }

 private:
  ForwardContext* context_ = nullptr;
  std::shared_ptr<ForwardContext> own_;
};

/// Module whose forward() takes a tensor and, optionally, a context. It declares the default argument to LibTorch, so that
/// torch::nn::Sequential and torch::nn::AnyModule can call it with a tensor alone.
class ContextModule : public CloneableModule {
 public:
  using CloneableModule::CloneableModule;

 protected:
  FORWARD_HAS_DEFAULT_ARGS({1, torch::nn::AnyValue(ContextArgument())})
};

}  // namespace fovea
