#include <fovea/base/error.h>
#include <fovea/nn/batch.h>
#include <fovea/nn/shape_text.h>

namespace fovea {
namespace {

void expect_consistent(const Normalization& normalization) {
  const std::size_t means = normalization.mean.size();
  const std::size_t deviations = normalization.standard_deviation.size();
  if (means > 0 && means == deviations) return;
  throw ShapeError("normalization", "a mean and a standard deviation for each channel",
                   std::to_string(means) + " and " + std::to_string(deviations));
}

}  // namespace

torch::Tensor Normalization::operator()(const torch::Tensor& images) const {
  expect_consistent(*this);
  const auto channels = static_cast<std::int64_t>(mean.size());
  if (images.dim() < 3 || images.size(-3) != channels) {
    throw ShapeError("network input", "images of " + std::to_string(channels) + " channels", shape_text(images));
  }
  const auto options = torch::TensorOptions(torch::kFloat64);
  const auto mu = torch::tensor(mean, options);
  const auto sigma = torch::tensor(standard_deviation, options);
  const auto per_channel = [&](const torch::Tensor& values) {
    return values.to(images.device(), torch::kFloat32).view({channels, 1, 1});
  };
  return images.to(torch::kFloat32).mul(per_channel(1.0 / (255.0 * sigma))).sub_(per_channel(mu / sigma));
}

std::int64_t Batch::size() const {
  return images.defined() ? images.size(0) : static_cast<std::int64_t>(singles.size());
}

const Normalization& Batch::expect_normalization() const {
  if (normalization != nullptr) {
    expect_consistent(*normalization);
    return *normalization;
  }
  expect_images();
  throw ShapeError("network input", "normalised float images, or a batch with a normalization",
                   c10::str((images.defined() ? images : singles.front()).scalar_type()) + " images without one",
                   "set Batch::normalization");
}

void Batch::expect_images() const {
  if (!images.defined() && singles.empty()) throw ShapeError("network input", "images", "none");
}

torch::Tensor Batch::input() const {
  expect_images();
  if (!images.defined()) {
    throw ShapeError("network input", "images of one size", shape_text(singles.front()) + " beside others",
                     "set preprocess.resize and preprocess.crop");
  }
  return images.is_floating_point() ? images : expect_normalization()(images);
}

Batch Batch::slice(std::int64_t begin, std::int64_t end) const {
  Batch part;
  if (images.defined()) {
    part.images = images.slice(0, begin, end);
  } else {
    part.singles.assign(singles.begin() + begin, singles.begin() + end);
  }
  if (labels.defined()) part.labels = labels.slice(0, begin, end);
  if (other_labels.defined()) part.other_labels = other_labels.slice(0, begin, end);
  if (lambda.defined()) part.lambda = lambda.slice(0, begin, end);
  if (boxes.defined()) part.boxes = boxes.slice(0, begin, end);
  if (!positions.empty()) part.positions.assign(positions.begin() + begin, positions.begin() + end);
  part.normalization = normalization;
  return part;
}

Batch Batch::repeated(std::int64_t times) const {
  if (times == 1) return *this;
  Batch many = *this;
  many.singles.clear();
  many.positions.clear();
  for (torch::Tensor* tensor : {&many.images, &many.labels, &many.other_labels, &many.lambda, &many.boxes}) {
    if (tensor->defined()) *tensor = tensor->repeat_interleave(times, 0);
  }
  for (const torch::Tensor& single : singles)
    many.singles.insert(many.singles.end(), static_cast<std::size_t>(times), single);
  for (const std::int64_t position : positions) {
    many.positions.insert(many.positions.end(), static_cast<std::size_t>(times), position);
  }
  return many;
}

Batch Batch::to(torch::Device device) const {
  Batch moved = *this;
  if (images.defined()) moved.images = images.to(device);
  for (torch::Tensor& single : moved.singles) single = single.to(device);
  for (torch::Tensor* tensor : {&moved.labels, &moved.other_labels, &moved.lambda, &moved.boxes}) {
    if (tensor->defined()) *tensor = tensor->to(device);
  }
  return moved;
}

}  // namespace fovea
