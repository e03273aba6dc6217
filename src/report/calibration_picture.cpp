#include <algorithm>
#include <cmath>
#include <cstddef>

#include <fovea/base/error.h>
#include <fovea/draw/chart.h>
#include <fovea/report/calibration_picture.h>

namespace fovea {
namespace {

constexpr double kDiagram = 400;  // side of the reliability diagram
constexpr double kHistogram = 90;
constexpr double kEdge = 20;
constexpr double kTitles = 84;  // title, second line and legend

constexpr Color kOverconfident = to_color({240, 178, 184});
constexpr Color kUnderconfident = to_color({143, 184, 224});

const TextStyle kCalibrationTitle{.size = 19, .bold = true, .vertical = TextStyle::Vertical::top};
const TextStyle kSecondLine{.size = 12.5, .color = kQuiet, .vertical = TextStyle::Vertical::top};

CalibrationBin checked_total(const std::vector<CalibrationBin>& bins) {
  if (bins.empty()) throw InputError("calibration picture", "at least one bin", "none");
  CalibrationBin total;
  for (const CalibrationBin& bin : bins) {
    const auto images = static_cast<double>(bin.images);
    const bool valid = bin.correct >= 0 && bin.correct <= bin.images && bin.probability >= 0 &&
                       bin.probability <= images * (1 + 1e-9);  // a sum of ones may round upwards
    if (!valid) {
      throw InputError(
          "calibration picture", "counts and sums of probability from 0 to the number of images in each bin",
          std::to_string(bin.correct) + " and " + std::to_string(bin.probability) + " of " + std::to_string(bin.images));
    }
    total.images += bin.images;
    total.correct += bin.correct;
    total.probability += bin.probability;
  }
  return total;
}

std::string fraction_text(double part, std::int64_t whole) {
  return number_text(part / static_cast<double>(whole), 0.001);
}

/// Bin `index` of `count` on the probability axis, less a thin gap on both sides.
ValueRange bin_range(std::size_t index, std::size_t count) {
  constexpr double kGap = 0.04;
  const auto bins = static_cast<double>(count);
  return {(static_cast<double>(index) + kGap) / bins, (static_cast<double>(index) + 1 - kGap) / bins};
}

void draw_reliability(Canvas& canvas, const Rectangle& plot, const std::vector<CalibrationBin>& bins) {
  Chart chart(canvas, plot, exact_axis("", {0, 1}, 6), exact_axis("accuracy", {0, 1}, 6));
  for (std::size_t i = 0; i < bins.size(); ++i) {
    if (bins[i].images == 0) continue;
    const auto images = static_cast<double>(bins[i].images);
    const double accuracy = static_cast<double>(bins[i].correct) / images;
    const double probability = std::min(1.0, bins[i].probability / images);
    const ValueRange x = bin_range(i, bins.size());
    chart.area(x, {0, std::min(accuracy, probability)}, kBlue);
    chart.area(x, {std::min(accuracy, probability), std::max(accuracy, probability)},
               probability > accuracy ? kOverconfident : kUnderconfident);
  }
  chart.line({{0, 0}, {1, 1}}, {.color = kInk, .width = 1.5, .dash = 5}, 0);
  chart.header("", {{"accuracy", kBlue}, {"overconfident by", kOverconfident}, {"underconfident by", kUnderconfident}});
}

void draw_histogram(Canvas& canvas, const Rectangle& plot, const std::vector<CalibrationBin>& bins, std::int64_t images) {
  std::int64_t most = 1;
  for (const CalibrationBin& bin : bins) most = std::max(most, bin.images);
  const double highest = static_cast<double>(most) / static_cast<double>(std::max<std::int64_t>(images, 1));
  Chart chart(canvas, plot, exact_axis("highest probability", {0, 1}, 6),
              round_axis("images", {0, std::min(1.0, highest)}, 3));
  for (std::size_t i = 0; i < bins.size(); ++i) {
    if (bins[i].images == 0) continue;
    const double fraction = static_cast<double>(bins[i].images) / static_cast<double>(images);
    chart.area(bin_range(i, bins.size()), {0, fraction}, kQuiet);
  }
}

}  // namespace

Image calibration_picture(const std::vector<CalibrationBin>& bins) {
  const CalibrationBin total = checked_total(bins);
  const double left = kEdge + kChartLeft;
  const double top = kEdge + kTitles;
  const double histogram_top = top + kDiagram + 32;
  Canvas canvas(static_cast<int>(histogram_top + kHistogram + kChartBottom + kEdge),
                static_cast<int>(left + kDiagram + 2 * kEdge));
  canvas.text(total.images == 0 ? "Calibration" : "Calibration: ECE " + number_text(expected_calibration_error(bins), 0.001),
              {left, kEdge}, kCalibrationTitle);
  const std::string second_line = total.images == 0
                                      ? "no images"
                                      : "top-1 " + fraction_text(static_cast<double>(total.correct), total.images) +
                                            ", mean probability " + fraction_text(total.probability, total.images) + ", " +
                                            std::to_string(total.images) + " images";
  canvas.text(second_line, {left, kEdge + 28}, kSecondLine);
  draw_reliability(canvas, {left, top, kDiagram, kDiagram}, bins);
  draw_histogram(canvas, {left, histogram_top, kDiagram, kHistogram}, bins, total.images);
  return canvas.image();
}

}  // namespace fovea
