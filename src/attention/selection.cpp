#include <string>

#include <fovea/attention/selection.h>
#include <fovea/base/error.h>
#include <fovea/nn/shape_text.h>

namespace fovea {
namespace {

/// [Q k] of one group, the same for all: the elements nearest to the centre.
torch::Tensor central(const torch::Tensor& scores, const HookedTensor& about, std::int64_t k) {
  const std::int64_t elements = scores.size(-1), prefix = about.key_grid.empty() ? 0 : about.prefix_tokens;
  const auto nearest = about.key_grid.empty()
                           ? central_elements(1, elements, k)
                           : central_elements(about.key_grid[0], about.key_grid[1], std::min(k, elements - prefix));
  auto shape = scores.sizes().vec();
  shape.back() = nearest.size(0);
  return (nearest + prefix).to(scores.device()).expand(shape);
}

/// Scores of a uniform policy over the elements that can be chosen.
torch::Tensor uniform_scores(const torch::Tensor& scores) {
  return torch::where(scores.isinf(), scores, torch::zeros_like(scores));
}

torch::Tensor chosen_elements(const torch::nn::Module& module, const torch::Tensor& scores, const HookedTensor& about,
                              std::int64_t k, ForwardContext& context) {
  const auto stream = [&] { return context.random.child("choices").child(context.choices.size()); };
  switch (context.policy) {
    case PolicyMode::sample:
      return draw_elements(scores, k, stream());
    case PolicyMode::random:
      return draw_elements(uniform_scores(scores), k, stream());
    case PolicyMode::centre:
      return central(scores, about, k);
    case PolicyMode::replay:
      throw InputError(module.name(), "a policy mode other than replay, which is of locations", "replay");
    case PolicyMode::mean:
      break;
  }
  return std::get<1>(scores.topk(k, -1));
}

}  // namespace

void Selection::visit_fields(FieldVisitor& fields) {
  fields.choice("selects", selects, {{"soft", Selects::soft}, {"hard", Selects::hard}},
                "soft: the weighted sum of all elements; hard: some elements, drawn by their weights, and no other");
  fields.integer("choices", choices, {1, 1 << 16}, "number of elements that selects: hard takes, in every head");
}

void expect_effect(const Selection& selection, const std::string& mechanism) {
  if (selection.is_hard() || selection.choices == 1) return;
  throw InputError(mechanism + ": choices", "1 with selects: soft", std::to_string(selection.choices), "set selects: hard");
}

torch::Tensor SelectedElements::sum(const torch::Tensor& hooked, const torch::Tensor& values) const {
  const bool replaced = !hooked.is_alias_of(weights);
  return chosen.defined() && !replaced ? mean_of_chosen(values, chosen) : torch::matmul(hooked, values);
}

SelectedElements select_elements(const torch::nn::Module& module, const torch::Tensor& scores, const HookedTensor& about,
                                 const Selection& selection, ForwardContext& context) {
  if (!selection.is_hard()) return {torch::softmax(scores, 3), {}};
  const std::int64_t elements = scores.size(3);
  if (elements < selection.choices) {
    throw ShapeError(module.name(), "at least " + std::to_string(selection.choices) + " elements, as many as choices",
                     std::to_string(elements));
  }
  const auto policy = scores.detach();
  const auto chosen = chosen_elements(module, policy, about, selection.choices, context);
  HardChoices made{.module = &module,
                   .probabilities = policy.softmax(3).flatten(1, 2),
                   .chosen = chosen.flatten(1, 2),
                   .grid = about.key_grid,
                   .log_probs = {}};
  if (context.policy == PolicyMode::sample) made.log_probs = draw_log_probs(scores, chosen).flatten(1).sum(1);
  context.choices.push_back(std::move(made));
  return {weights_of_chosen(chosen, elements, scores.options()), chosen};
}

}  // namespace fovea
