#include <algorithm>
#include <cmath>
#include <tuple>
#include <utility>

#include <fovea/base/error.h>
#include <fovea/data/preprocess.h>
#include <fovea/image/size_text.h>
#include <fovea/nn/out_of_memory.h>
#include <fovea/options/check.h>

namespace fovea {
namespace {

constexpr std::int64_t kMostPixels = std::int64_t{1} << 27;  // after the resize: an extreme aspect would exhaust the memory

/// torchvision's offset of a centred window; rint rounds halves to even, as Python does.
int centre_offset(int outer, int inner) {
  return static_cast<int>(std::rint((outer - inner) / 2.0));
}

void expect_size(const char* what, int height, int width) {
  if (std::int64_t{height} * width <= kMostPixels) return;
  throw InputError("preprocess.resize", std::string("at most 2^27 pixels ") + what,
                   size_text(height, width) + " (height x width)", "set a smaller preprocess.resize");
}

/// Writes [H, W, C] as [C, H, W], with the channels in this order. @return the end of the output.
std::uint8_t* copy_planes(const Image& image, ChannelOrder order, std::uint8_t* target) {
  const auto channels = static_cast<std::size_t>(image.channels);
  if (channels == 1) return std::copy(image.pixels.begin(), image.pixels.end(), target);
  for (std::size_t plane = 0; plane < channels; ++plane) {
    const std::size_t channel = order == ChannelOrder::bgr ? channels - 1 - plane : plane;
    for (std::size_t i = channel; i < image.pixels.size(); i += channels) *target++ = image.pixels[i];
  }
  return target;
}

/// @param where names the caller in messages.
torch::Tensor planes_of(const Image& image, ChannelOrder order, const char* where) {
  expect_valid(image, where);
  auto tensor = torch::empty({image.channels, image.height, image.width}, torch::kUInt8);
  copy_planes(image, order, tensor.data_ptr<std::uint8_t>());
  return tensor;
}

/// Room for `count` images like the first.
torch::Tensor empty_batch(std::int64_t count, const Image& first) {
  try {
    return torch::empty({count, first.channels, first.height, first.width}, torch::kUInt8);
  } catch (const c10::Error& error) {
    if (!is_out_of_memory(error)) throw;
    throw SystemError("no memory for a batch of " + std::to_string(count) + " images of " +
                      pixels_text(first.height, first.width) + "; use a smaller batch, or a smaller preprocess.resize");
  }
}

bool have_one_size(const std::vector<Image>& images) {
  const auto size = [](const Image& image) { return std::tuple(image.height, image.width, image.channels); };
  return std::all_of(images.begin(), images.end(), [&](const Image& image) { return size(image) == size(images[0]); });
}

}  // namespace

void PreprocessOptions::visit_fields(FieldVisitor& fields) {
  constexpr IntegerRange kSide{0, 16384};
  fields.integers("resize", resize, kSide, {1, 2}, "shorter side in pixels, or [height, width]; 0 = no resize");
  fields.integers("crop", crop, kSide, {1, 2}, "side of the centre crop in pixels, or [height, width]; 0 = no crop");
  const auto named = [](Interpolation filter) { return std::pair(to_string(filter), filter); };
  fields.choice("interpolation", interpolation,
                {named(Interpolation::bilinear), named(Interpolation::bicubic), named(Interpolation::area)},
                "filter of the resize");
  fields.boolean("antialias", antialias, "widen the filter when shrinking, as PIL does");
  fields.choice("channel_order", channel_order, {{"rgb", ChannelOrder::rgb}, {"bgr", ChannelOrder::bgr}},
                "order of the colours in the network's input; bgr: weights of Caffe and OpenCV");
  fields.reals("mean", mean, {-1e6, 1e6}, {1, 1024}, "mean per channel (red, green, blue), of pixels scaled to [0, 1]");
  fields.reals("std", standard_deviation, {1e-6, 1e6}, {1, 1024},
               "standard deviation per channel (red, green, blue), of pixels scaled to [0, 1]");
}

struct Preprocess::Plan {
  int height, width;            // after the resize
  int top, left;                // of the crop
  int crop_height, crop_width;  // the result's size

  bool resizes(int from_height, int from_width) const { return height != from_height || width != from_width; }
  bool crops() const { return crop_height != height || crop_width != width; }
};

Preprocess::Preprocess(PreprocessOptions options) : options_(expect_in_range(std::move(options), "preprocess")) {
  if (options_.mean.size() != options_.standard_deviation.size()) {
    throw InputError("preprocess.std", std::to_string(options_.mean.size()) + " values, as in preprocess.mean",
                     std::to_string(options_.standard_deviation.size()));
  }
  if (options_.channel_order == ChannelOrder::bgr && options_.mean.size() != 3) {
    throw InputError("preprocess.channel_order", "three channels for bgr", std::to_string(options_.mean.size()),
                     "remove it, or set preprocess.mean and preprocess.std to three numbers each");
  }
  Normalization normalization{options_.mean, options_.standard_deviation, options_.channel_order};
  if (options_.channel_order == ChannelOrder::bgr) {
    std::reverse(normalization.mean.begin(), normalization.mean.end());
    std::reverse(normalization.standard_deviation.begin(), normalization.standard_deviation.end());
  }
  normalization_ = std::make_shared<const Normalization>(std::move(normalization));
}

Preprocess::Plan Preprocess::plan(int height, int width) const {
  if (std::min(height, width) < 1) {
    throw InputError("preprocess", "an image of at least " + pixels_text(1, 1), size_text(height, width));
  }
  Plan plan{height, width, 0, 0, 0, 0};
  const auto& resize = options_.resize;
  if (resize.size() == 2) {
    if (resize[0] > 0) plan.height = static_cast<int>(resize[0]);
    if (resize[1] > 0) plan.width = static_cast<int>(resize[1]);
  } else if (resize[0] > 0) {
    const auto longer = [&](int side, int shorter) {
      return static_cast<int>(std::min(kMostPixels, resize[0] * side / shorter));  // rounds down, as torchvision does
    };
    plan.height = height <= width ? static_cast<int>(resize[0]) : longer(height, width);
    plan.width = width <= height ? static_cast<int>(resize[0]) : longer(width, height);
  }
  if (plan.resizes(height, width)) expect_size("after the resize", plan.height, plan.width);
  const auto& crop = options_.crop;
  plan.crop_height = crop.front() > 0 ? static_cast<int>(crop.front()) : plan.height;
  plan.crop_width = crop.back() > 0 ? static_cast<int>(crop.back()) : plan.width;
  if (plan.crop_height > plan.height || plan.crop_width > plan.width) {
    throw InputError("preprocess.crop", "an image of at least " + pixels_text(plan.crop_height, plan.crop_width),
                     size_text(plan.height, plan.width), "set preprocess.resize");
  }
  expect_size("of network input", plan.crop_height, plan.crop_width);
  plan.top = centre_offset(plan.height, plan.crop_height);
  plan.left = centre_offset(plan.width, plan.crop_width);
  return plan;
}

Image Preprocess::operator()(const Image& image) const {
  const Plan plan = this->plan(image.height, image.width);
  const Window whole{0, 0, image.height, image.width};
  const Window crop{plan.top, plan.left, plan.crop_height, plan.crop_width};
  if (!plan.resizes(image.height, image.width)) return cropped_image(image, crop);
  const Image resized = resampled(image, whole, plan.height, plan.width, options_.interpolation, options_.antialias);
  return cropped_image(resized, crop);
}

Image Preprocess::operator()(Image&& image) const {
  const Plan plan = this->plan(image.height, image.width);
  if (plan.resizes(image.height, image.width) || plan.crops()) return (*this)(std::as_const(image));
  expect_valid(image, "preprocess");
  return std::move(image);
}

Image Preprocess::operator()(const Image& image, const Window& window) const {
  const auto [height, width] = output_size(image.height, image.width);
  return resampled(image, window, height, width, options_.interpolation, options_.antialias);
}

std::optional<std::pair<int, int>> Preprocess::fixed_output_size() const {
  const auto& resize = options_.resize;
  const auto& crop = options_.crop;
  const std::int64_t height = crop.front() > 0 ? crop.front() : resize.size() == 2 ? resize[0] : 0;
  const std::int64_t width = crop.back() > 0 ? crop.back() : resize.size() == 2 ? resize[1] : 0;
  if (height == 0 || width == 0) return std::nullopt;
  return std::pair(static_cast<int>(height), static_cast<int>(width));
}

std::pair<int, int> Preprocess::output_size(int height, int width) const {
  const Plan plan = this->plan(height, width);
  return {plan.crop_height, plan.crop_width};
}

Geometry Preprocess::geometry(int height, int width) const {
  const Plan plan = this->plan(height, width);
  return {static_cast<double>(plan.left), static_cast<double>(plan.top), static_cast<double>(width) / plan.width,
          static_cast<double>(height) / plan.height};
}

Box Preprocess::prepared_box(const Box& box, int height, int width) const {
  const Geometry geometry = this->geometry(height, width);
  const auto [rows, columns] = output_size(height, width);
  const auto within = [](double edge, int side) { return std::clamp(edge, 0.0, static_cast<double>(side)); };
  return {within(geometry.prepared_x(box.left), columns), within(geometry.prepared_y(box.top), rows),
          within(geometry.prepared_x(box.right), columns), within(geometry.prepared_y(box.bottom), rows)};
}

torch::Tensor to_tensor(const Image& image) {
  return planes_of(image, ChannelOrder::rgb, "to_tensor");
}

Image to_image(const torch::Tensor& tensor) {
  if (!tensor.defined() || tensor.dim() != 3 || tensor.scalar_type() != torch::kUInt8) {
    throw ShapeError("to_image", "an 8-bit tensor [C, H, W]",
                     tensor.defined() ? c10::str(tensor.scalar_type(), " ", tensor.sizes()) : "an undefined one");
  }
  const auto interleaved = tensor.permute({1, 2, 0}).contiguous();
  Image image(static_cast<int>(tensor.size(1)), static_cast<int>(tensor.size(2)), static_cast<int>(tensor.size(0)));
  std::copy_n(interleaved.data_ptr<std::uint8_t>(), image.pixels.size(), image.pixels.begin());
  return image;
}

Batch collate_images(const std::vector<Image>& images, const std::vector<std::int64_t>& labels,
                     std::shared_ptr<const Normalization> normalization) {
  Batch batch;
  const ChannelOrder order = normalization == nullptr ? ChannelOrder::rgb : normalization->order;
  batch.normalization = std::move(normalization);
  if (!images.empty() && have_one_size(images)) {
    const Image& first = images.front();
    batch.images = empty_batch(std::ssize(images), first);
    auto* target = batch.images.data_ptr<std::uint8_t>();
    for (const Image& image : images) {
      expect_valid(image, "collate_images");
      target = copy_planes(image, order, target);
    }
  } else {
    for (const Image& image : images) batch.singles.push_back(planes_of(image, order, "collate_images"));
  }
  if (!labels.empty()) batch.labels = torch::tensor(labels, torch::kInt64);
  return batch;
}

}  // namespace fovea
