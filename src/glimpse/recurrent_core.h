#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include <torch/torch.h>

#include <fovea/nn/cloneable_module.h>
#include <fovea/nn/initialise.h>
#include <fovea/options/fields.h>

namespace fovea {

enum class CoreKind {
  relu,  ///< h' = ReLU(W g + U h)
  lstm,  ///< long short-term memory
  gru,   ///< gated recurrent unit
};

/// Recurrent core: one of torch's recurrent cells, with torch's parameter names (`weight_ih`, `weight_hh`, `bias_ih`,
/// `bias_hh`) and initialisation, uniform in +-1/sqrt(width). The ReLU cell differs: its recurrent weight is initialised to
/// the identity and its recurrent bias to 0, "A Simple Way to Initialize Recurrent Networks of Rectified Linear
/// Units", arXiv:1504.00941.
class RecurrentCoreImpl final : public CloneableModule, public SelfInitialising {
 public:
  /// @param inputs of g. @param width of h. @throws InputError unless both are at least 1.
  RecurrentCoreImpl(CoreKind kind, std::int64_t inputs, std::int64_t width);

  /// One step. @param input [R, inputs]. @param state result of the step before; empty before the first step.
  /// @return h [R, width], and for an LSTM its cell state [R, width].
  std::vector<torch::Tensor> forward(const torch::Tensor& input, const std::vector<torch::Tensor>& state) const;

  void initialise(const RandomStream& stream) override;
  CoreKind kind() const { return kind_; }
  std::int64_t width() const { return weight_hh.size(1); }

  torch::Tensor weight_ih, weight_hh, bias_ih, bias_hh;

 protected:
  std::shared_ptr<torch::nn::Module> rebuilt() const override;

 private:
  CoreKind kind_;
};
TORCH_MODULE(RecurrentCore);

}  // namespace fovea
