#include <memory>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <fovea/attention/warp/affine_sampling.h>
#include <fovea/attention/warp/spatial_transformer.h>
#include <fovea/base/error.h>
#include <fovea/nn/attention_map.h>

#include "gate_run.h"
#include "gradient_check.h"
#include "pool_run.h"
#include "twin_check.h"

namespace fovea {
namespace {

struct WarpCase {
  WarpTransform transform = WarpTransform::affine;
  bool align_corners = false;
  std::int64_t height = 0, width = 0;
};

/// Whatever it sees, it says `theta`: 6 numbers, or scale, x, y of a crop.
std::shared_ptr<SpatialTransformerImpl> fixed_warp(const WarpCase& wanted, const std::vector<double>& theta,
                                                   std::int64_t channels = 1) {
  SpatialTransformerOptions options;
  options.transform = wanted.transform;
  options.align_corners = wanted.align_corners;
  options.height = wanted.height;
  options.width = wanted.width;
  InsertionPoint point{InsertionKind::input, 0, {channels, 8, 8}, channels, 1, "warp", {}};
  auto warp = std::make_shared<SpatialTransformerImpl>(point, options);
  initialise(*warp, 1);
  set_parameter(*warp, "loc.fc2.bias", theta);
  return warp;
}

torch::Tensor marker(std::int64_t row, std::int64_t column) {
  auto image = torch::zeros({1, 1, 8, 8}, torch::kFloat64);
  image[0][0][row][column] = 1;
  return image;
}

/// Coordinates of the positions between the outer edges: [1, 2, height, width], x first.
torch::Tensor coordinates(std::int64_t height, std::int64_t width) {
  const auto axis = [](std::int64_t positions) {
    return (2 * torch::arange(positions, torch::kFloat64) + 1) / positions - 1;
  };
  const auto x = axis(width).unsqueeze(0).expand({height, width}), y = axis(height).unsqueeze(1).expand({height, width});
  return torch::stack({x, y}).unsqueeze(0);
}

/// Coordinates of a map's positions by theta, like coordinates().
torch::Tensor framed(const torch::Tensor& theta, std::int64_t height, std::int64_t width) {
  const auto positions = coordinates(height, width).flatten(2);                           // [1, 2, positions]
  const auto moved = torch::matmul(theta.slice(2, 0, 2), positions) + theta.slice(2, 2);  // [1, 2, positions]
  return moved.view({1, 2, height, width});
}

TEST(SpatialTransformerTest, StartsAsTheIdentity) {
  for (const WarpTransform transform : {WarpTransform::affine, WarpTransform::attention}) {
    for (const std::int64_t channels : {1, 3, 16}) {
      SpatialTransformerOptions options;
      options.transform = transform;
      SpatialTransformerImpl warp({InsertionKind::input, 0, {channels, 28, 20}, channels, 1, "warp", {}}, options);
      initialise(warp, 1);
      const auto images = drawn({2, channels, 28, 20}).to(torch::kFloat32);
      ForwardContext context;
      EXPECT_TRUE(torch::allclose(warp.forward(images, context), images, 1e-4, 1e-4));  // float32 places of samples
    }
  }
}

TEST(SpatialTransformerTest, AShiftMovesAMarkerTheOtherWay) {
  const auto warp = fixed_warp({}, {1, 0, 0.5, 0, 1, -0.25});  // looks 2 columns to the right and 1 row up
  ForwardContext context;
  EXPECT_TRUE(torch::allclose(warp->forward(marker(2, 5), context), marker(3, 3)));
}

TEST(SpatialTransformerTest, AQuarterTurnMovesAMarker) {
  const auto warp = fixed_warp({}, {0, -1, 0, 1, 0, 0});  // (x, y) looks at (-y, x)
  ForwardContext context;
  EXPECT_TRUE(torch::allclose(warp->forward(marker(1, 6), context), marker(1, 1), 1e-9, 1e-9));
  EXPECT_TRUE(torch::allclose(warp->forward(marker(0, 3), context), marker(4, 0), 1e-9, 1e-9));
}

TEST(SpatialTransformerTest, ACropIsThePixelsInside) {
  const auto warp = fixed_warp({.transform = WarpTransform::attention, .height = 4, .width = 4}, {0.5, 0.25, -0.5});
  const auto image = drawn({1, 1, 8, 8});
  ForwardContext context;
  const auto expected = image.slice(2, 0, 4).slice(3, 3, 7);  // columns 3 to 6, rows 0 to 3
  EXPECT_TRUE(torch::allclose(warp->forward(image, context), expected, 1e-9, 1e-9));
}

TEST(SpatialTransformerTest, OutsideIsZero) {
  const auto warp = fixed_warp({}, {1, 0, 2, 0, 1, 0});
  ForwardContext context;
  EXPECT_TRUE(torch::equal(warp->forward(torch::ones({1, 1, 8, 8}, torch::kFloat64), context),
                           torch::zeros({1, 1, 8, 8}, torch::kFloat64)));
}

TEST(SpatialTransformerTest, ThetaSaysWhereEachPositionComesFromThroughTwoWarps) {
  for (const bool corners : {false, true}) {
    const auto outer = fixed_warp({.align_corners = corners, .height = 9, .width = 6}, {0.6, 0.1, 0.1, -0.2, 0.5, -0.1}, 2);
    const auto inner = fixed_warp({.transform = WarpTransform::attention, .align_corners = corners, .height = 4, .width = 5},
                                  {0.7, -0.1, 0.2}, 2);
    const auto image = coordinates(12, 10);  // bilinear samples of a ramp are exact
    ForwardContext context;
    const auto once = outer->forward(image, context);
    EXPECT_TRUE(torch::allclose(once, framed(context.theta, 9, 6), 1e-9, 1e-9)) << corners;
    const auto twice = inner->forward(once, context);
    EXPECT_TRUE(torch::allclose(twice, framed(context.theta, 4, 5), 1e-9, 1e-9)) << corners;
    EXPECT_FALSE(context.theta.requires_grad());
  }
}

TEST(SpatialTransformerTest, OffersTheWindowItLooksAt) {
  const auto warp = fixed_warp({}, {0.5, 0.1, 0.25, 0, -0.75, 0.125});
  AttentionRecorder recorder(*warp);
  ForwardContext context;
  context.hooks = &recorder;
  context.theta = torch::tensor({1.0, 0.0, 0.5, 0.0, 1.0, 0.0}, torch::kFloat64).view({1, 2, 3});
  warp->forward(marker(0, 0), context);
  ASSERT_EQ(recorder.maps.size(), 1U);
  EXPECT_EQ(recorder.maps[0].kind, MapKind::windows);
  EXPECT_EQ(recorder.maps[0].values.sizes(), (std::vector<std::int64_t>{1, 1, 1, 4}));
  EXPECT_TRUE(nearly_equal(recorder.maps[0].values, {0.25, 0.125, 0.5, -0.75}));
  EXPECT_TRUE(nearly_equal(recorder.maps[0].theta, {1, 0, 0.5, 0, 1, 0}));  // of what arrived
  EXPECT_TRUE(nearly_equal(context.theta, {0.5, 0.1, 0.75, 0, -0.75, 0.125}));
}

TEST(SpatialTransformerTest, TheLocalisationNetworkLearns) {
  for (const WarpTransform transform : {WarpTransform::affine, WarpTransform::attention}) {
    SpatialTransformerOptions options;
    options.transform = transform;
    options.channels = 2;
    options.hidden = 3;
    SpatialTransformerImpl warp({InsertionKind::stage, 1, {2, 6, 7}, 2, 1, "warp", {}}, options);
    initialise(warp, 1);
    warp.to(torch::kFloat64);
    fill_uniform(warp.named_parameters()["loc.fc2.weight"], RandomStream(3, Purpose::test), -0.2, 0.2);
    const auto features = drawn({2, 2, 6, 7}).requires_grad_();
    std::vector<std::pair<std::string, torch::Tensor>> variables{{"input", features}};
    for (const auto& item : warp.named_parameters()) variables.emplace_back(item.key(), item.value());
    const auto forward = [&] {
      ForwardContext context;
      return warp.forward(features, context);
    };
    expect_gradients_match(forward, variables);
    forward().square().sum().backward();
    EXPECT_GT(warp.named_parameters()["loc.conv1.weight"].grad().abs().max().item<double>(), 1e-4);
  }
}

TEST(AffineSamplingTest, OnePositionHasNoCornersToAlign) {
  const auto factors = corners_to_edges({1, 1, 5}, {1, 1, 4}, torch::kFloat64);
  EXPECT_TRUE(nearly_equal(factors, {0.8 / 0.75, 0.8, 0.8, 1 / 0.75, 1, 1}));
}

TEST(SpatialTransformerTest, RefusesOtherChannels) {
  const auto warp = fixed_warp({}, {1, 0, 0, 0, 1, 0});
  ForwardContext context;
  EXPECT_THROW(warp->forward(torch::zeros({1, 2, 8, 8}, torch::kFloat64), context), ShapeError);
}

TEST(SpatialTransformerTest, IsBuiltFromAShapeToo) {
  const FeatureShape shape{3, 28, 20};
  const SpatialTransformerOptions options{.transform = WarpTransform::attention, .height = 14};
  const InsertionPoint point{.kind = InsertionKind::input, .in = shape, .out_channels = 3};
  expect_twins([&] { return std::make_shared<SpatialTransformerImpl>(shape, options); },
               [&] { return std::make_shared<SpatialTransformerImpl>(point, options); });
  SpatialTransformer warp(shape);
  const auto images = drawn({2, 3, 28, 20}).to(torch::kFloat32);
  EXPECT_TRUE(torch::allclose(warp(images), images, 1e-4, 1e-4));  // the identity without initialise()
  EXPECT_THROW(SpatialTransformerImpl(shape, {.hidden = 0}), InputError);
  EXPECT_THROW(SpatialTransformerImpl(FeatureShape{}), InputError);
}

}  // namespace
}  // namespace fovea
