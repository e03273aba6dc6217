#include <optional>

#include <fovea/base/number_text.h>
#include <fovea/base/printable.h>
#include <fovea/run/class_table.h>
#include <fovea/run/internal/text_lines.h>
#include <fovea/run/report_text.h>

namespace fovea {
namespace {

constexpr int kLabelWidth = 14;

std::string four_digits(std::optional<double> number) {
  return number ? fixed_text(*number, 4) : "-";
}

template <typename Numbers>
std::string four_digits_each(const Numbers& numbers) {
  std::string text;
  for (const auto& number : numbers) text += (text.empty() ? "" : " ") + four_digits(number);
  return text;
}

void add_top1(TextLines& lines, const char* label, double top1, const Interval& interval) {
  lines.add(label,
            four_digits(top1) + " (95 % interval " + four_digits(interval.low) + " to " + four_digits(interval.high) + ")");
}

void add_glimpse_scores(TextLines& lines, const GlimpseScores& scores) {
  lines.add("glimpses", std::to_string(scores.glimpses) + " per image, which read " +
                            four_digits(scores.pixels_read_fraction) + " x as many pixels as it has and touch " +
                            four_digits(scores.pixels_touched_fraction) + " of its area");
  lines.add("", "top-1 after each: " + four_digits_each(scores.top1_per_step));
  lines.add("", "spread over images: " + four_digits_each(scores.location_spread));
  lines.add("controls", "top-1 " + four_digits(scores.controls.random) + " at random locations, " +
                            four_digits(scores.controls.centre) + " at the centre, " + four_digits(scores.controls.swapped) +
                            " at another image's");
  if (!scores.boxes) return;
  lines.add("in the box", four_digits(scores.boxes->glimpses) + " of glimpses, " + four_digits(scores.boxes->random) +
                              " at random; " + four_digits(scores.boxes->never) + " of images never, others first at step " +
                              four_digits(scores.boxes->first_step));
  lines.add("", "at each: " + four_digits_each(scores.boxes->per_step));
}

}  // namespace

std::string report_text(const EvaluationReport& report) {
  TextLines lines(kLabelWidth);
  const ClassificationMetrics& metrics = report.metrics;
  lines.add("split", to_string(report.split) + " (" + std::to_string(metrics.images()) + " images)");
  add_top1(lines, "top-1", metrics.top1(), metrics.top1_interval());
  lines.add("top-5", four_digits(metrics.top5()));
  lines.add("loss", four_digits(metrics.loss()));
  lines.add("ece", four_digits(metrics.expected_calibration_error()));
  lines.add("speed",
            fixed_text(report.images_per_second, 0) + " images/s, one image in " + fixed_text(report.latency_ms, 2) + " ms");
  lines.add("size",
            std::to_string(report.parameters) + " parameters, " + std::to_string(report.macs) + " multiply-adds per image");
  if (report.glimpses) add_glimpse_scores(lines, *report.glimpses);
  return lines.text() + "\n" + class_table(report);
}

std::string report_text(const TrainingReport& report) {
  TextLines lines(kLabelWidth);
  add_top1(lines, "test top-1", report.test.top1, report.test.top1_interval);
  lines.add("test loss", fixed_text(report.test.loss, 4));
  lines.add("best epoch", std::to_string(report.best.epoch) + " of " + std::to_string(report.epochs));
  lines.add("parameters", std::to_string(report.parameters));
  lines.add("multiply-adds", std::to_string(report.macs) + " per image");
  lines.add("run", printable(report.run));
  if (report.test.glimpses) add_glimpse_scores(lines, *report.test.glimpses);
  return lines.text();
}

}  // namespace fovea
