#include <algorithm>
#include <string>
#include <utility>

#include <fovea/base/error.h>
#include <fovea/eval/glimpse_metrics.h>
#include <fovea/eval/internal/union_area.h>
#include <fovea/nn/shape_text.h>

namespace fovea {
namespace {

void expect_trajectory_of(const Batch& batch, const GlimpseTrajectory& trajectory) {
  const auto fits = [&](const torch::Tensor& tensor, std::int64_t dimensions) {
    return tensor.defined() && tensor.dim() == dimensions && tensor.size(0) == batch.size() &&
           tensor.size(1) == trajectory.locations.size(1);
  };
  if (fits(trajectory.locations, 3) && fits(trajectory.logits, 3) && fits(trajectory.windows, 4) &&
      fits(trajectory.patches, 6)) {
    return;
  }
  std::string got;
  for (const auto* tensor : {&trajectory.locations, &trajectory.logits, &trajectory.windows, &trajectory.patches}) {
    got += (got.empty() ? "" : ", ") + (tensor->defined() ? shape_text(*tensor) : "none");
  }
  const std::string n = std::to_string(batch.size());
  throw ShapeError("glimpse metrics",
                   "locations [" + n + ", T, 2], logits [" + n + ", T, K], windows [" + n + ", T, S, 4] and patches [" + n +
                       ", T, S, C, G, G]",
                   got, "run the network in evaluation mode with one rollout");
}

torch::Tensor as_doubles(const torch::Tensor& tensor) {
  return tensor.to(torch::kCPU, torch::kFloat64).contiguous();
}

/// Area of an image of `height` x `width` pixels that windows cover. @param windows [T, S, 4]; see GlimpseTrajectory.
double touched_area(const torch::TensorAccessor<double, 3>& windows, double height, double width) {
  const auto to_pixel = [](double location, double length) {
    return std::clamp((location + 1) / 2 * length, 0.0, length);  // windows outside the image become empty
  };
  std::vector<Box> boxes;
  for (std::int64_t t = 0; t < windows.size(0); ++t) {
    for (std::int64_t s = 0; s < windows.size(1); ++s) {
      const auto window = windows[t][s];
      const double x = window[0], y = window[1], half_width = window[2], half_height = window[3];
      boxes.push_back({.left = to_pixel(x - half_width, width),
                       .top = to_pixel(y - half_height, height),
                       .right = to_pixel(x + half_width, width),
                       .bottom = to_pixel(y + half_height, height)});
    }
  }
  return union_area(std::move(boxes));
}

}  // namespace

void GlimpseMetrics::expect_glimpses(std::int64_t count) const {
  if (images_ == 0 || count == glimpses()) return;
  throw ShapeError("glimpse metrics", "glimpses [N, " + std::to_string(glimpses()) + "], as in the earlier batches",
                   "[N, " + std::to_string(count) + "]");
}

void GlimpseMetrics::add(const GlimpseTrajectory& trajectory, const Batch& batch) {
  if (batch.size() == 0) return;
  expect_trajectory_of(batch, trajectory);
  const std::int64_t count = trajectory.locations.size(1);
  expect_glimpses(count);
  steps_.resize(static_cast<std::size_t>(count));

  const auto correct = trajectory.logits.argmax(2).eq(batch.labels.unsqueeze(1)).sum(0).cpu();  // [T]
  const auto locations = as_doubles(trajectory.locations);
  const auto location = locations.accessor<double, 3>();
  for (std::int64_t t = 0; t < count; ++t) {
    Step& step = steps_[static_cast<std::size_t>(t)];
    step.correct += correct[t].item<std::int64_t>();
    for (std::int64_t n = 0; n < batch.size(); ++n) {
      step.x.add(location[n][t][0]);
      step.y.add(location[n][t][1]);
    }
  }

  const torch::Tensor& patches = trajectory.patches;
  const auto values = static_cast<double>(count * patches.size(2) * patches.size(4) * patches.size(5));
  const auto windows = as_doubles(trajectory.windows);
  const auto window = windows.accessor<double, 4>();
  for (std::int64_t n = 0; n < batch.size(); ++n) {
    const torch::Tensor& image = batch.images.defined() ? batch.images : batch.singles[static_cast<std::size_t>(n)];
    const auto height = static_cast<double>(image.size(-2));
    const auto width = static_cast<double>(image.size(-1));
    read_.add(values / (height * width));
    touched_.add(touched_area(window[n], height, width) / (height * width));
  }

  if (batch.boxes.defined()) box_hits_.add(trajectory.locations, batch.boxes);
  images_ += batch.size();
}

void GlimpseMetrics::add(const GlimpseMetrics& other) {
  if (other.images_ == 0) return;
  expect_glimpses(other.glimpses());
  steps_.resize(other.steps_.size());
  for (std::size_t t = 0; t < steps_.size(); ++t) {
    steps_[t].correct += other.steps_[t].correct;
    steps_[t].x.add(other.steps_[t].x);
    steps_[t].y.add(other.steps_[t].y);
  }
  images_ += other.images_;
  read_.add(other.read_);
  touched_.add(other.touched_);
  box_hits_.add(other.box_hits_);
}

std::vector<double> GlimpseMetrics::top1_per_step() const {
  std::vector<double> fractions;
  for (const Step& step : steps_) fractions.push_back(static_cast<double>(step.correct) / static_cast<double>(images_));
  return fractions;
}

std::vector<double> GlimpseMetrics::location_spread() const {
  std::vector<double> spread;
  for (const Step& step : steps_) spread.push_back((step.x.standard_deviation() + step.y.standard_deviation()) / 2);
  return spread;
}

bool GlimpseMetrics::collapsed() const {
  if (images_ < 2 || glimpses() < 2) return false;
  const std::vector<double> spread = location_spread();
  return std::all_of(spread.begin() + 1, spread.end(), [](double step) { return step < kCollapsedSpread; });
}

}  // namespace fovea
