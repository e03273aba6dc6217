#include <string>

#include <fovea/base/number_text.h>
#include <fovea/config/number_or_null.h>
#include <fovea/eval/glimpse_evaluator.h>
#include <fovea/run/glimpse_scores.h>

namespace fovea {
namespace {

std::optional<BoxScores> box_scores(const BoxHits& learned, const BoxHits& random) {
  if (learned.images() == 0) return std::nullopt;
  BoxScores scores;
  scores.glimpses = learned.glimpses().value();
  for (const Fraction& step : learned.steps()) scores.per_step.push_back(step.value());
  scores.random = random.glimpses().value();
  scores.first_step = learned.first_step();
  scores.never = learned.never().value();
  return scores;
}

/// Why the choice of locations does not help; empty when it does.
std::string doubt_about_locations(const GlimpseEvaluation& evaluation) {
  if (evaluation.learned.collapsed()) {
    return "the network looks at the same locations of every image (location_spread is almost 0): its accuracy does not "
           "depend on choosing where to look";
  }
  const Fraction& chosen = evaluation.chosen;
  std::string others;
  const auto name_unless_worse = [&](const Fraction& control, const PairedCounts& compared, const std::string& where) {
    if (control.total == 0 || compared.first_is_better()) return;
    others += (others.empty() ? "" : " and ") + percent_text(*control.value(), 2) + " at " + where;
  };
  name_unless_worse(evaluation.random, evaluation.against_random, "random ones");
  name_unless_worse(evaluation.swapped, evaluation.against_swapped, "another image's");
  if (others.empty()) return "";
  return "top-1 is " + percent_text(*chosen.value(), 2) + " at the chosen locations, " + others +
         ": no gain beyond the noise of " + std::to_string(chosen.total) +
         " images; nothing shows that the policy learned where to look";
}

}  // namespace

std::optional<GlimpseScores> glimpse_scores(Classifier& network, const Loader& loader, const EvaluationOptions& options,
                                            const Warn& warn) {
  if (!network.takes_glimpses()) return std::nullopt;
  const GlimpseEvaluation evaluation = evaluate_glimpses(network, loader, options);
  const GlimpseMetrics& learned = evaluation.learned;
  if (const std::string doubt = doubt_about_locations(evaluation); !doubt.empty() && warn) warn(doubt);
  return GlimpseScores{.glimpses = learned.glimpses(),
                       .pixels_read_fraction = learned.pixels_read_fraction(),
                       .pixels_touched_fraction = learned.pixels_touched_fraction(),
                       .controls = {evaluation.random.value(), evaluation.centre.value(), evaluation.swapped.value()},
                       .top1_per_step = learned.top1_per_step(),
                       .location_spread = learned.location_spread(),
                       .collapsed = learned.collapsed(),
                       .boxes = box_scores(learned.box_hits(), evaluation.random_hits)};
}

Json to_json(const GlimpseScores& scores) {
  Json document = {{"glimpses", scores.glimpses},
                   {"pixels_read_fraction", scores.pixels_read_fraction},
                   {"pixels_touched_fraction", scores.pixels_touched_fraction},
                   {"controls",
                    {{"random", number_or_null(scores.controls.random)},
                     {"centre", number_or_null(scores.controls.centre)},
                     {"swapped", number_or_null(scores.controls.swapped)}}},
                   {"top1_per_step", scores.top1_per_step},
                   {"location_spread", scores.location_spread},
                   {"collapsed", scores.collapsed}};
  if (!scores.boxes) return document;
  Json per_step = Json::array();
  for (const auto& step : scores.boxes->per_step) per_step.push_back(number_or_null(step));
  document["in_box_fraction"] = number_or_null(scores.boxes->glimpses);
  document["in_box_fraction_per_step"] = per_step;
  document["in_box_fraction_random"] = number_or_null(scores.boxes->random);
  document["first_hit_step"] = number_or_null(scores.boxes->first_step);
  document["never_in_box_fraction"] = number_or_null(scores.boxes->never);
  return document;
}

}  // namespace fovea
