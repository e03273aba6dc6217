#include <fovea/eval/box_hits.h>

namespace fovea {

void BoxHits::add(const torch::Tensor& locations, const torch::Tensor& boxes) {
  const std::int64_t images = locations.size(0);
  const auto corners = boxes.unsqueeze(1);  // [N, 1, 4]
  const auto inside = (locations.ge(corners.slice(2, 0, 2)) & locations.le(corners.slice(2, 2, 4))).all(2).cpu();  // [N, T]
  const auto ever = inside.any(1);
  const auto first = inside.to(torch::kInt64).argmax(1) + 1;  // argmax is the first of equals
  BoxHits hits;
  for (std::int64_t t = 0; t < locations.size(1); ++t) {
    hits.steps_.push_back({inside.select(1, t).sum().item<std::int64_t>(), images});
  }
  hits.never_ = {images - ever.sum().item<std::int64_t>(), images};
  hits.first_steps_ = (first * ever).sum().item<std::int64_t>();
  add(hits);
}

void BoxHits::add(const BoxHits& other) {
  if (other.images() == 0) return;
  steps_.resize(other.steps_.size());
  for (std::size_t t = 0; t < steps_.size(); ++t) steps_[t].add(other.steps_[t]);
  never_.add(other.never_);
  first_steps_ += other.first_steps_;
}

Fraction BoxHits::glimpses() const {
  Fraction sum;
  for (const Fraction& step : steps_) sum.add(step);
  return sum;
}

std::optional<double> BoxHits::first_step() const {
  const std::int64_t hit = never_.total - never_.count;
  if (hit == 0) return std::nullopt;
  return static_cast<double>(first_steps_) / static_cast<double>(hit);
}

}  // namespace fovea
