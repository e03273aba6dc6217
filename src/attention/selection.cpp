#include <limits>
#include <string>
#include <utility>

#include <fovea/attention/selection.h>
#include <fovea/base/error.h>

namespace fovea {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

/// The scores, of which those of the tokens in front of the positions are masked: a choice of one of them, such as the mean
/// of all positions, would be soft.
torch::Tensor without_prefix(const torch::Tensor& scores, std::int64_t prefix_tokens) {
  if (prefix_tokens == 0) return scores;
  const auto prefix = scores.narrow(3, 0, prefix_tokens);
  return torch::cat({torch::full_like(prefix, -kInfinity), scores.slice(3, prefix_tokens)}, 3);
}

/// Scores of a policy that takes the elements nearest to the centre among those that can be chosen.
torch::Tensor central_scores(const torch::Tensor& scores, const HookedTensor& about) {
  const std::int64_t elements = scores.size(3), positions = elements - about.prefix_tokens;
  const auto order = about.key_grid.empty() ? central_elements(1, positions, positions)
                                            : central_elements(about.key_grid[0], about.key_grid[1], positions);
  const auto ranks = torch::zeros({elements}, torch::kFloat64);
  ranks.scatter_(0, order + about.prefix_tokens, -torch::arange(positions, torch::kFloat64));
  return torch::where(scores.isinf(), scores, ranks.to(scores.options()).expand(scores.sizes()));
}

/// Scores of a uniform policy over the elements that can be chosen.
torch::Tensor uniform_scores(const torch::Tensor& scores) {
  return torch::where(scores.isinf(), scores, torch::zeros_like(scores));
}

/// @param scores -infinity where an element cannot be chosen.
torch::Tensor chosen_elements(const torch::nn::Module& module, const torch::Tensor& scores, const HookedTensor& about,
                              std::int64_t k, ForwardContext& context) {
  const auto stream = [&] { return context.random.child("choices").child(context.choices.size()); };
  switch (context.policy) {
    case PolicyMode::sample:
      return draw_elements(scores, k, stream());
    case PolicyMode::random:
      return draw_elements(uniform_scores(scores), k, stream());
    case PolicyMode::centre:
      return std::get<1>(central_scores(scores, about).topk(k, -1));
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

torch::Tensor SelectedElements::sum(const torch::Tensor& values) const {
  return chosen.defined() ? mean_of_chosen(values, chosen) : torch::matmul(weights, values);
}

SelectedElements select_elements(const torch::nn::Module& module, const torch::Tensor& scores, const HookedTensor& about,
                                 const Selection& selection, ForwardContext& context) {
  if (!selection.is_hard()) return {torch::softmax(scores, 3), {}};
  const std::int64_t positions = scores.size(3) - about.prefix_tokens;
  if (positions < selection.choices) {
    throw ShapeError(module.name(), "at least " + std::to_string(selection.choices) + " positions, as many as choices",
                     std::to_string(positions));
  }
  const auto policy = without_prefix(scores, about.prefix_tokens);
  const auto chosen = chosen_elements(module, policy.detach(), about, selection.choices, context);
  HardChoices made{.module = &module,
                   .probabilities = policy.detach().softmax(3).flatten(1, 2),
                   .chosen = chosen.flatten(1, 2),
                   .grid = about.key_grid,
                   .log_probs = {}};
  if (context.policy == PolicyMode::sample) made.log_probs = draw_log_probs(policy, chosen).flatten(1).sum(1);
  context.choices.push_back(std::move(made));
  return {weights_of_chosen(chosen, scores.size(3), scores.options()), chosen};
}

}  // namespace fovea
