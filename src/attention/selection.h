#pragma once

#include <cstdint>
#include <string>

#include <torch/torch.h>

#include <fovea/attention/traits.h>
#include <fovea/nn/forward_context.h>
#include <fovea/nn/forward_hooks.h>
#include <fovea/options/fields.h>
#include <fovea/options/options.h>

namespace fovea {

/// How attention takes the elements that it has scored: the sum weighted by the softmax of their scores (soft), or the mean
/// of the `choices` elements that a policy with these probabilities draws without replacement (hard): drawn in training, the
/// most probable in evaluation; see PolicyMode. Tokens in front of the positions, a class token or the mean of all, cannot
/// be chosen: the probabilities are the softmax over the positions. Parameters are the same, so weights of one form load
/// into the other.
///
/// A hard choice has no gradient: ForwardContext::choices passes its log-probabilities to an estimator. Every element is
/// computed and scored in either form; the hard one reads the values of the chosen elements alone.
struct Selection {
  Selects selects = Selects::soft;
  std::int64_t choices = 1;

  bool is_hard() const { return selects == Selects::hard; }
  void visit_fields(FieldVisitor& fields);
};

/// @throws InputError `<mechanism>: choices: ...` for several choices of soft attention.
void expect_effect(const Selection& selection, const std::string& mechanism);

/// For MechanismRow::chooses: true when these options, which have a member `selection`, are those of hard attention.
template <typename MechanismOptions>
bool selects_hard(const Options& options) {
  return options_cast<MechanismOptions>(options).selection.is_hard();
}

/// Elements as a Selection took them.
struct SelectedElements {
  torch::Tensor weights;  ///< [N, heads, Q, L]; they sum to one over L
  torch::Tensor chosen;   ///< int64 [N, heads, Q, k]; undefined for soft attention

  /// Weighted sum of the elements; of hard choices their mean. @param values [N, heads, L, d]. @return [N, heads, Q, d].
  torch::Tensor sum(const torch::Tensor& values) const;
};

/// @param scores [N, heads, Q, L]. @param about grid and prefix tokens of the elements. @throws ShapeError when there are
/// fewer positions than choices.
SelectedElements select_elements(const torch::nn::Module& module, const torch::Tensor& scores, const HookedTensor& about,
                                 const Selection& selection, ForwardContext& context);

}  // namespace fovea
