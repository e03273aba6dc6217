#include <array>
#include <string_view>

#include <fovea/base/torch_compat.h>
#include <fovea/nn/evaluation_mode.h>
#include <fovea/nn/multiply_adds.h>

namespace fovea {
namespace {

/// Operator with the number of products per output element: sum_length of the argument `factor`.
struct CountedOperator {
  std::string_view name;
  std::size_t factor;  ///< index of the argument
  std::int64_t (*sum_length)(const torch::Tensor&);
};

/// Convolution weight [out, in / groups, kernel...]: each output sums over in / groups x kernel.
std::int64_t kernel_volume(const torch::Tensor& weight) {
  return weight.numel() / weight.size(0);
}

std::int64_t last_dimension(const torch::Tensor& left) {
  return left.size(-1);
}

constexpr std::array kCounted{
    CountedOperator{"aten::convolution", 1, kernel_volume}, CountedOperator{"aten::linear", 0, last_dimension},
    CountedOperator{"aten::addmm", 1, last_dimension},      CountedOperator{"aten::mm", 0, last_dimension},
    CountedOperator{"aten::bmm", 0, last_dimension},        CountedOperator{"aten::baddbmm", 1, last_dimension},
    CountedOperator{"aten::mv", 0, last_dimension},         CountedOperator{"aten::addmv", 1, last_dimension},
    CountedOperator{"aten::dot", 0, last_dimension},        CountedOperator{"aten::addmm_", 1, last_dimension},
    CountedOperator{"aten::baddbmm_", 1, last_dimension},   CountedOperator{"aten::addmv_", 1, last_dimension},
};

const CountedOperator* find_counted(std::string_view name) {
  for (const CountedOperator& counted : kCounted) {
    if (counted.name == name) return &counted;
  }
  return nullptr;
}

std::int64_t multiply_adds_of(const compat::OperatorCall& call) {
  const CountedOperator& counted = *find_counted(call.name);
  const torch::Tensor& factor = call.inputs.at(counted.factor).toTensor();
  constexpr std::size_t kTransposed = 6;  // index of the argument of aten::convolution
  if (counted.sum_length == kernel_volume && call.inputs.at(kTransposed).toBool()) {
    return call.inputs.at(0).toTensor().numel() * kernel_volume(factor);  // weight [in, out / groups, kernel...]
  }
  return call.outputs.at(0).toTensor().numel() * counted.sum_length(factor);
}

}  // namespace

std::int64_t count_multiply_adds(const std::function<void()>& compute) {
  std::int64_t total = 0;
  const compat::OperatorObserver observer([](const char* name) { return find_counted(name) != nullptr; },
                                          [&](const compat::OperatorCall& call) { total += multiply_adds_of(call); });
  compute();
  return total;
}

std::int64_t count_multiply_adds(Classifier& classifier, const InputSpec& input) {
  const torch::NoGradGuard no_grad;
  const EvaluationMode mode(classifier);
  const Batch batch = blank_image(classifier, input);
  return count_multiply_adds([&] {
    ForwardContext context;
    classifier.classify(batch, context);
  });
}

std::int64_t count_parameters(const torch::nn::Module& module) {
  std::int64_t count = 0;
  for (const torch::Tensor& parameter : module.parameters()) count += parameter.numel();
  return count;
}

}  // namespace fovea
