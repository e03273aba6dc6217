#include <algorithm>
#include <string>
#include <type_traits>

#include <fovea/base/error.h>
#include <fovea/glimpse/retina.h>
#include <fovea/nn/shape_text.h>
#include <fovea/options/check.h>

namespace fovea {
namespace {

std::vector<PixelScale> pixel_scales(const Normalization* normalization, std::int64_t channels) {
  std::vector<PixelScale> scales(static_cast<std::size_t>(channels));
  if (normalization == nullptr) return scales;
  for (std::size_t c = 0; c < scales.size(); ++c) {
    const double standard_deviation = normalization->standard_deviation[c];
    scales[c] = {1 / (255 * standard_deviation), normalization->mean[c] / standard_deviation};
  }
  return scales;
}

/// Prefetches the part of one channel that a window covers. In a large image every row of pixels lies in a memory page of
/// its own, and the sums over the window would wait for one page after the other. Independent loads wait for all pages at
/// once; prefetch instructions do not help, since processors drop them on a TLB miss. At 4096 x 4096 pixels a glimpse takes
/// 3.9 us instead of 8.4, as `sensor` of `fovea bench glimpse` shows.
template <typename Pixel>
void prefetch_window(const Pixel* plane, std::int64_t height, std::int64_t width, std::int64_t top, std::int64_t left,
                     std::int64_t side) {
  constexpr std::int64_t kCacheLine = 64 / sizeof(Pixel);
  constexpr std::int64_t kMostRows = 128;  // more would evict each other from the cache
  const InsideRange rows(top, std::min(side, kMostRows), height);
  const InsideRange columns(left, side, width);
  const std::int64_t last = columns.end - columns.begin - 1;
  if (last < 0) return;
  Pixel sum = 0;
  for (std::int64_t y = rows.begin; y < rows.end; ++y) {
    const Pixel* row = plane + (top + y) * width + (left + columns.begin);
    for (std::int64_t x = 0; x < last; x += kCacheLine) sum += row[x];
    sum += row[last];
  }
  [[maybe_unused]] const volatile Pixel loaded = sum;  // otherwise the compiler removes the loads
}

const RetinaShape& expect_possible_retina(const RetinaShape& shape) {
  constexpr IntegerRange kScales{1, 12};
  expect_positive(shape.patch, "Retina: patch");
  if (contains(kScales, shape.scales)) return shape;
  throw InputError("Retina: scales", describe(kScales), std::to_string(shape.scales));
}

}  // namespace

Retina::Retina(const RetinaShape& shape, const Batch& batch, std::int64_t rollouts, torch::ScalarType type)
    : shape_(expect_possible_retina(shape)), rollouts_(expect_positive(rollouts, "Retina: rollouts")), type_(type) {
  if (batch.images.defined()) owners_ = {batch.images};
  for (const torch::Tensor& single : batch.singles) owners_.push_back(single.unsqueeze(0));
  if (batch.size() == 0) throw ShapeError("Retina", "at least one image", "none");
  const torch::Tensor first = owners_.front();
  for (const torch::Tensor& owner : owners_) {
    if (owner.dim() != 4) throw ShapeError("Retina", "images [N, C, H, W]", shape_text(owner));
  }
  reads_bytes_ = first.scalar_type() == torch::kUInt8;
  channels_ = reads_bytes_ ? std::ssize(batch.expect_normalization().mean) : first.size(1);
  scales_ = pixel_scales(reads_bytes_ ? batch.normalization.get() : nullptr, channels_);
  for (torch::Tensor& owner : owners_) {
    if (owner.size(1) != channels_) {
      throw ShapeError("Retina", "images of " + std::to_string(channels_) + " channels", std::to_string(owner.size(1)));
    }
    if (owner.scalar_type() != first.scalar_type()) {
      throw ShapeError("Retina", c10::str("images of ", first.scalar_type()), c10::str(owner.scalar_type()));
    }
    owner = (reads_bytes_ ? owner : owner.detach().to(type)).contiguous();
    const std::int64_t bytes = channels_ * owner.size(2) * owner.size(3) * static_cast<std::int64_t>(owner.element_size());
    const char* pixels = static_cast<const char*>(owner.data_ptr());
    for (std::int64_t n = 0; n < owner.size(0); ++n) {
      images_.push_back({pixels + n * bytes, owner.size(2), owner.size(3)});
    }
  }
}

void Retina::expect_fitting(const torch::Tensor& locations) const {
  if (locations.dim() == 2 && locations.size(0) == rows() && locations.size(1) == 2 && locations.scalar_type() == type_)
    return;
  throw ShapeError("Retina", c10::str(type_, " locations [", rows(), ", 2]"),
                   c10::str(locations.scalar_type(), " ", locations.sizes()));
}

template <typename Pixel, typename Real>
void Retina::look_at_pixels(const torch::Tensor& locations, torch::Tensor& values) const {
  using Sum = std::conditional_t<std::is_same_v<Pixel, std::uint8_t>, std::uint32_t, Real>;
  const auto location = locations.accessor<Real, 2>();
  const std::int64_t cells = shape_.patch * shape_.patch;
  const std::int64_t widest = shape_.side(shape_.scales - 1);      // side of the window that contains the others
  std::vector<Sum> columns(static_cast<std::size_t>(2 * widest));  // more than the sum of all sides
  std::vector<WindowMeans<Sum, Real>> windows;
  for (std::int64_t row = 0; row < rows(); ++row) {
    const Image& image = images_[static_cast<std::size_t>(row / rollouts_)];
    const auto left = [&](std::int64_t side) { return window_start(location[row][0], image.width, side); };
    const auto top = [&](std::int64_t side) { return window_start(location[row][1], image.height, side); };
    for (std::int64_t c = 0; c < channels_; ++c) {
      const Pixel* plane = static_cast<const Pixel*>(image.pixels) + c * image.height * image.width;
      windows.clear();
      for (std::int64_t scale = 0; scale < shape_.scales; ++scale) {
        const std::int64_t side = shape_.side(scale);
        Real* means = values.data_ptr<Real>() + ((row * shape_.scales + scale) * channels_ + c) * cells;
        windows.emplace_back(shape_.patch, shape_.cell(scale), top(side), left(side), image.height, image.width,
                             columns.data() + side - shape_.patch, means);
      }
      prefetch_window(plane, image.height, image.width, top(widest), left(widest), widest);
      for (std::int64_t y = top(widest); y < top(widest) + widest; ++y) {
        for (auto& window : windows) window.add_row(y, plane, image.width, scales_[static_cast<std::size_t>(c)]);
      }
    }
  }
}

void Retina::look(const torch::Tensor& locations, torch::Tensor& values) const {
  expect_fitting(locations);
  if (values.numel() != rows() * shape_.values(channels_) || values.scalar_type() != type_ || !values.is_contiguous()) {
    throw ShapeError("Retina",
                     c10::str("a contiguous tensor of ", rows(), " x ", shape_.values(channels_), " ", type_, " values"),
                     c10::str(values.scalar_type(), " ", values.sizes(), " with strides ", values.strides()));
  }
  if (type_ == torch::kFloat32) {
    reads_bytes_ ? look_at_pixels<std::uint8_t, float>(locations, values) : look_at_pixels<float, float>(locations, values);
  } else {
    reads_bytes_ ? look_at_pixels<std::uint8_t, double>(locations, values)
                 : look_at_pixels<double, double>(locations, values);
  }
}

torch::Tensor Retina::look(const torch::Tensor& locations) const {
  if (!device().is_cpu()) return composed_look(locations);
  auto values = torch::empty({rows(), shape_.scales, channels_, shape_.patch, shape_.patch}, type_);
  look(locations, values);
  return values;
}

torch::Tensor Retina::composed_look(const torch::Tensor& locations) const {
  expect_fitting(locations);
  std::vector<torch::Tensor> looks;  // one per image tensor: images may differ in size
  std::int64_t row = 0;
  for (const torch::Tensor& images : owners_) {
    const std::int64_t count = images.size(0) * rollouts_;
    looks.push_back(composed_look(images, locations.slice(0, row, row + count)));
    row += count;
  }
  return torch::cat(looks);
}

torch::Tensor Retina::composed_look(const torch::Tensor& images, const torch::Tensor& locations) const {
  using torch::indexing::Slice;
  const torch::NoGradGuard no_grad;
  const auto counting = torch::TensorOptions(torch::kInt64).device(images.device());
  const std::int64_t count = locations.size(0), height = images.size(2), width = images.size(3);
  const auto image = torch::arange(count, counting).floor_divide(rollouts_).view({count, 1, 1});
  const auto per_channel = [&](double PixelScale::*member) {
    std::vector<double> values;
    for (const PixelScale& scale : scales_) values.push_back(scale.*member);
    return torch::tensor(values, torch::kFloat64).to(images.device(), type_);
  };
  std::vector<torch::Tensor> scales;
  for (std::int64_t scale = 0; scale < shape_.scales; ++scale) {
    const std::int64_t side = shape_.side(scale);
    // Pixel indices of the windows along an axis, [R, side].
    const auto along = [&](std::int64_t axis, std::int64_t length) {
      const auto lengths = torch::full({}, static_cast<double>(length), locations.options());
      return window_starts(locations.select(1, axis), lengths, side).to(torch::kInt64).unsqueeze(1) +
             torch::arange(side, counting);
    };
    const auto x = along(0, width).unsqueeze(1);   // [R, 1, side]
    const auto y = along(1, height).unsqueeze(2);  // [R, side, 1]
    const auto exists = (x >= 0) & (x < width) & (y >= 0) & (y < height);
    const auto pixels = images.index({image, Slice(), y.clamp(0, height - 1), x.clamp(0, width - 1)}).to(type_);
    const auto normalised =
        pixels * per_channel(&PixelScale::scale) - per_channel(&PixelScale::shift);  // [R, side, side, C]
    const auto window = normalised.where(exists.unsqueeze(3), torch::zeros({}, normalised.options())).permute({0, 3, 1, 2});
    scales.push_back(torch::avg_pool2d(window, shape_.cell(scale)));
  }
  return torch::stack(scales, 1);
}

torch::Tensor Retina::windows(const torch::Tensor& locations) const {
  std::vector<std::int64_t> heights, widths;
  for (const Image& image : images_) {
    heights.insert(heights.end(), static_cast<std::size_t>(rollouts_), image.height);
    widths.insert(widths.end(), static_cast<std::size_t>(rollouts_), image.width);
  }
  const auto on_device = [&](const std::vector<std::int64_t>& lengths) {
    return torch::tensor(lengths, torch::kInt64).to(locations.device());
  };
  return retina_windows(shape_, locations, on_device(heights), on_device(widths));
}

}  // namespace fovea
