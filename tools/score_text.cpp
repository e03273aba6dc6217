#include "score_text.h"

#include <cstdio>
#include <optional>
#include <string>

#include <fovea/base/number_text.h>
#include <fovea/run/class_table.h>

namespace fovea {
namespace {

std::string four_digits(std::optional<double> number) {
  return number ? fixed_text(*number, 4) : "-";
}

template <typename Numbers>
std::string four_digits_each(const Numbers& numbers) {
  std::string text;
  for (const auto& number : numbers) text += (text.empty() ? "" : " ") + four_digits(number);
  return text;
}

}  // namespace

void print_line(const char* label, const std::string& text) {
  std::printf("%-14s %s\n", label, text.c_str());
}

void print_top1(const char* label, double top1, const Interval& interval) {
  print_line(label,
             four_digits(top1) + " (95 % interval " + four_digits(interval.low) + " to " + four_digits(interval.high) + ")");
}

void print_scores(const EvaluationReport& report) {
  const ClassificationMetrics& metrics = report.metrics;
  print_line("split", to_string(report.split) + " (" + std::to_string(metrics.images()) + " images)");
  print_top1("top-1", metrics.top1(), metrics.top1_interval());
  print_line("top-5", four_digits(metrics.top5()));
  print_line("loss", four_digits(metrics.loss()));
  print_line("ece", four_digits(metrics.expected_calibration_error()));
  print_line("speed", fixed_text(report.images_per_second, 0) + " images/s, one image in " +
                          fixed_text(report.latency_ms, 2) + " ms");
  print_line("size",
             std::to_string(report.parameters) + " parameters, " + std::to_string(report.macs) + " multiply-adds per image");
  if (report.glimpses) print_glimpse_scores(*report.glimpses);
  std::printf("\n%s", class_table(report).c_str());
}

void print_glimpse_scores(const GlimpseScores& scores) {
  print_line("glimpses", std::to_string(scores.glimpses) + " per image, which read " +
                             four_digits(scores.pixels_read_fraction) + " x as many pixels as it has and touch " +
                             four_digits(scores.pixels_touched_fraction) + " of its area");
  print_line("", "top-1 after each: " + four_digits_each(scores.top1_per_step));
  print_line("", "spread over images: " + four_digits_each(scores.location_spread));
  print_line("controls", "top-1 " + four_digits(scores.controls.random) + " at random locations, " +
                             four_digits(scores.controls.centre) + " at the centre, " +
                             four_digits(scores.controls.swapped) + " at another image's");
  if (!scores.boxes) return;
  print_line("in the box", four_digits(scores.boxes->glimpses) + " of glimpses, " + four_digits(scores.boxes->random) +
                               " at random; " + four_digits(scores.boxes->never) +
                               " of images never, others first at step " + four_digits(scores.boxes->first_step));
  print_line("", "at each: " + four_digits_each(scores.boxes->per_step));
}

}  // namespace fovea
