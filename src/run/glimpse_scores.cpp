#include <cstdio>
#include <string>

#include <fovea/config/number_or_null.h>
#include <fovea/eval/glimpse_evaluator.h>
#include <fovea/run/glimpse_scores.h>

namespace fovea {
namespace {

/// Keys about the true boxes; none without boxes.
Json box_scores(const BoxHits& learned, const BoxHits& random) {
  Json scores = Json::object();
  if (learned.images() == 0) return scores;
  Json per_step = Json::array();
  for (const Share& step : learned.steps()) per_step.push_back(number_or_null(step.fraction()));
  scores["in_box_fraction"] = number_or_null(learned.glimpses().fraction());
  scores["in_box_fraction_per_step"] = per_step;
  scores["in_box_fraction_random"] = number_or_null(random.glimpses().fraction());
  scores["first_hit_step"] = number_or_null(learned.first_step());
  scores["never_in_box_fraction"] = number_or_null(learned.never().fraction());
  return scores;
}

std::string four_digits(const Json& number) {
  if (number.is_null()) return "-";
  char text[32];
  std::snprintf(text, sizeof text, "%.4f", number.get<double>());
  return text;
}

std::string four_digits_each(const Json& numbers) {
  std::string text;
  for (const Json& number : numbers) text += (text.empty() ? "" : " ") + four_digits(number);
  return text;
}

void print_line(const char* label, const std::string& text) {
  std::printf("%-14s %s\n", label, text.c_str());
}

}  // namespace

Json glimpse_scores(Classifier& network, const Loader& loader, const EvaluationOptions& options, const Warn& warn) {
  if (!network.takes_glimpses()) return Json::object();
  const GlimpseEvaluation evaluation = evaluate_glimpses(network, loader, options);
  const GlimpseMetrics& learned = evaluation.learned;
  if (learned.collapsed()) {
    warn(
        "the network looks at the same places of every image (location_spread is almost 0): what it knows, it knows "
        "without choosing where to look");
  }
  Json scores = {
      {"glimpses", learned.glimpses()},
      {"pixels_read_fraction", learned.pixels_read_fraction()},
      {"pixels_touched_fraction", learned.pixels_touched_fraction()},
      {"controls",
       {{"random", number_or_null(evaluation.random.fraction())},
        {"centre", number_or_null(evaluation.centre.fraction())},
        {"swapped", number_or_null(evaluation.swapped.fraction())}}},
      {"top1_per_step", learned.top1_per_step()},
      {"location_spread", learned.location_spread()},
      {"collapsed", learned.collapsed()},
  };
  scores.update(box_scores(learned.box_hits(), evaluation.random_hits));
  return scores;
}

void print_glimpse_scores(const Json& scores) {
  if (!scores.contains("glimpses")) return;
  const auto number = [&](const char* key) { return four_digits(scores[key]); };
  const Json& controls = scores["controls"];
  print_line("glimpses", std::to_string(scores["glimpses"].get<long long>()) + ", of each image " +
                             number("pixels_read_fraction") + " of the pixels read, " + number("pixels_touched_fraction") +
                             " of the area touched");
  print_line("", "top-1 after each: " + four_digits_each(scores["top1_per_step"]));
  print_line("", "spread over images: " + four_digits_each(scores["location_spread"]));
  print_line("controls", "top-1 " + four_digits(controls["random"]) + " at random places, " +
                             four_digits(controls["centre"]) + " at the centre, " + four_digits(controls["swapped"]) +
                             " at another image's");
  if (!scores.contains("in_box_fraction")) return;
  print_line("in the box", number("in_box_fraction") + " of glimpses, " + number("in_box_fraction_random") + " at random; " +
                               number("never_in_box_fraction") + " of images never, others first at step " +
                               number("first_hit_step"));
  print_line("", "at each: " + four_digits_each(scores["in_box_fraction_per_step"]));
}

}  // namespace fovea
