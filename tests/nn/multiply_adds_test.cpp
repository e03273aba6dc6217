#include <functional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <fovea/base/error.h>
#include <fovea/base/torch_compat.h>
#include <fovea/nn/multiply_adds.h>

namespace fovea {
namespace {

/// A classifier made of one function of the input.
struct CountedNet final : Classifier {
  explicit CountedNet(std::function<torch::Tensor(const torch::Tensor&)> function)
      : Classifier("CountedNet"), body(std::move(function)) {}
  ModelOutput classify(const Batch& batch, ForwardContext&) override {
    was_training = is_training();
    had_gradients = torch::GradMode::is_enabled();
    return {body(batch.input())};
  }
  std::function<torch::Tensor(const torch::Tensor&)> body;
  bool was_training = true;
  bool had_gradients = true;
};

constexpr InputSpec kCountedInput{8, 9, 7, 10};

std::int64_t count_of(const std::function<torch::Tensor()>& body) {
  CountedNet net([&](const torch::Tensor&) { return body(); });
  return count_multiply_adds(net, kCountedInput);
}

TEST(MultiplyAddsTest, ConvolutionsCountOutputsTimesTheirWindow) {
  torch::nn::Conv2d convolution(torch::nn::Conv2dOptions(8, 16, 3).groups(2).stride(2).padding(1));
  CountedNet net([&](const torch::Tensor& images) { return convolution(images); });
  net.register_module("conv", convolution);
  // 9 x 7 -> 5 x 4; 16 channels, each a sum over 8 / 2 channels x 3 x 3.
  EXPECT_EQ(count_multiply_adds(net, kCountedInput), 5 * 4 * 16 * (4 * 9));
  net.to(torch::kFloat64);  // runs as a product of matrices inside, which must not count again
  EXPECT_EQ(count_multiply_adds(net, kCountedInput), 5 * 4 * 16 * (4 * 9));
}

TEST(MultiplyAddsTest, EveryKindOfConvolutionCounts) {
  const auto image = torch::ones({1, 4, 6, 5});
  EXPECT_EQ(count_of([&] {
              return torch::conv2d(image, torch::ones({4, 1, 3, 3}), {}, 1, 1, 1, /*groups=*/4);
            }),
            6 * 5 * 4 * 9);
  EXPECT_EQ(count_of([&] { return torch::conv2d(image, torch::ones({3, 4, 1, 1})); }), 6 * 5 * 3 * 4);
  EXPECT_EQ(count_of([&] {
              return torch::conv2d(image, torch::ones({3, 4, 3, 3}), {}, 1, /*padding=*/at::IntArrayRef{0}, /*dilation=*/2);
            }),
            2 * 1 * 3 * 36);
  EXPECT_EQ(count_of([] { return torch::conv1d(torch::ones({1, 2, 10}), torch::ones({3, 2, 5})); }), 6 * 3 * 10);
}

TEST(MultiplyAddsTest, LinearLayersCountWithAndWithoutBias) {
  for (const bool bias : {false, true}) {
    torch::nn::Linear linear(torch::nn::LinearOptions(6, 7).bias(bias));
    EXPECT_EQ(count_of([&] { return linear(torch::ones({1, 6})); }), 7 * 6);
    EXPECT_EQ(count_of([&] { return linear(torch::ones({2, 5, 6})); }), 2 * 5 * 7 * 6);  // tokens
    EXPECT_EQ(count_of([&] { return linear(torch::ones({6})); }), 7 * 6);
  }
}

TEST(MultiplyAddsTest, ProductsOfMatricesCount) {
  using torch::ones;
  EXPECT_EQ(count_of([] { return torch::mm(ones({4, 5}), ones({5, 6})); }), 4 * 5 * 6);
  EXPECT_EQ(count_of([] { return torch::matmul(ones({4, 5}), ones({5, 6})); }), 4 * 5 * 6);
  EXPECT_EQ(count_of([] { return torch::matmul(ones({2, 3, 4, 5}), ones({2, 3, 5, 6})); }), 6 * 4 * 5 * 6);
  EXPECT_EQ(count_of([] { return torch::matmul(ones({2, 3, 4, 5}), ones({5, 6})); }), 6 * 4 * 5 * 6);
  EXPECT_EQ(count_of([] { return torch::matmul(ones({4, 5}), ones({5})); }), 4 * 5);
  EXPECT_EQ(count_of([] { return torch::matmul(ones({5}), ones({5})); }), 5);
  EXPECT_EQ(count_of([] { return torch::mv(ones({4, 5}), ones({5})); }), 4 * 5);
  EXPECT_EQ(count_of([] { return torch::bmm(ones({3, 4, 5}), ones({3, 5, 6})); }), 3 * 4 * 5 * 6);
  EXPECT_EQ(count_of([] { return torch::baddbmm(ones({3, 4, 6}), ones({3, 4, 5}), ones({3, 5, 6})); }), 3 * 4 * 5 * 6);
  EXPECT_EQ(count_of([] { return torch::addmm(ones({4, 6}), ones({4, 5}), ones({5, 6})); }), 4 * 5 * 6);
  EXPECT_EQ(count_of([] { return ones({4, 6}).addmm_(ones({4, 5}), ones({5, 6})); }), 4 * 5 * 6);
  EXPECT_EQ(count_of([] { return ones({3, 4, 6}).baddbmm_(ones({3, 4, 5}), ones({3, 5, 6})); }), 3 * 4 * 5 * 6);
  EXPECT_EQ(count_of([] { return ones({4}).addmv_(ones({4, 5}), ones({5})); }), 4 * 5);
  EXPECT_EQ(count_of([] { return torch::addmv(ones({4}), ones({4, 5}), ones({5})); }), 4 * 5);
}

TEST(MultiplyAddsTest, EinsumCountsItsProduct) {
  using torch::ones;
  EXPECT_EQ(count_of([] { return torch::einsum("bij,bjk->bik", {ones({3, 4, 5}), ones({3, 5, 6})}); }), 3 * 4 * 5 * 6);
  EXPECT_EQ(count_of([] { return torch::einsum("nchw,oc->nohw", {ones({1, 5, 3, 2}), ones({7, 5})}); }), 3 * 2 * 7 * 5);
  EXPECT_EQ(count_of([] {
              return torch::einsum("bhqd,bhkd->bhqk", {ones({1, 2, 6, 4}), ones({1, 2, 3, 4})});
            }),
            2 * 6 * 3 * 4);
}

TEST(MultiplyAddsTest, ElementwiseWorkDoesNotCount) {
  EXPECT_EQ(count_of([] { return torch::relu(torch::ones({3, 3}) * 2 + 1).mean().view({1, 1}); }), 0);
}

TEST(MultiplyAddsTest, ThePassSeesOneImageInEvaluationModeWithoutGradients) {
  std::vector<std::int64_t> sizes;
  CountedNet net([&](const torch::Tensor& images) {
    sizes = images.sizes().vec();
    return images.flatten(1);
  });
  count_multiply_adds(net, kCountedInput);
  EXPECT_EQ(sizes, (std::vector<std::int64_t>{1, 8, 9, 7}));
  EXPECT_FALSE(net.was_training);
  EXPECT_FALSE(net.had_gradients);
}

TEST(MultiplyAddsTest, TheModeIsAsBefore) {
  CountedNet net([](const torch::Tensor& images) { return images; });
  for (const bool training : {true, false}) {
    net.train(training);
    count_multiply_adds(net, kCountedInput);
    EXPECT_EQ(net.is_training(), training);
  }
  CountedNet failing([](const torch::Tensor&) -> torch::Tensor { throw std::logic_error("stop"); });
  EXPECT_THROW(count_multiply_adds(failing, kCountedInput), std::logic_error);
  EXPECT_TRUE(failing.is_training());
}

TEST(MultiplyAddsTest, ParametersCountAndBuffersDoNot) {
  torch::nn::Sequential net(torch::nn::Linear(3, 4), torch::nn::BatchNorm1d(4));
  EXPECT_EQ(count_parameters(*net), 3 * 4 + 4 + 2 * 4);
}

/// The names of the operators that an observer of mm and bmm is told about.
struct OperatorLog {
  std::vector<std::string> names;
  compat::OperatorObserver observer{
      [](const char* name) { return std::string(name) == "aten::mm" || std::string(name) == "aten::bmm"; },
      [this](const compat::OperatorCall& call) { names.emplace_back(call.name); }};
};

void run_mm() {
  torch::mm(torch::ones({2, 3}), torch::ones({3, 4}));
}

TEST(OperatorObserverTest, SeesInputsAndOutputs) {
  std::vector<std::int64_t> left, product;
  const compat::OperatorObserver observer([](const char* name) { return std::string(name) == "aten::mm"; },
                                          [&](const compat::OperatorCall& call) {
                                            left = call.inputs.at(0).toTensor().sizes().vec();
                                            product = call.outputs.at(0).toTensor().sizes().vec();
                                          });
  run_mm();
  EXPECT_EQ(left, (std::vector<std::int64_t>{2, 3}));
  EXPECT_EQ(product, (std::vector<std::int64_t>{2, 4}));
}

TEST(OperatorObserverTest, SeesNothingOutsideItsScopeOrThread) {
  run_mm();
  std::vector<std::string> seen;
  {
    OperatorLog log;
    std::thread(run_mm).join();
    EXPECT_THAT(log.names, testing::IsEmpty());
    run_mm();
    torch::relu(torch::ones({2}));  // not accepted
    seen = log.names;
  }
  run_mm();  // must not reach the log, which is gone
  EXPECT_THAT(seen, testing::ElementsAre("aten::mm"));
}

TEST(OperatorObserverTest, OnlyTheOutermostOfNestedOperatorsIsSeen) {
  std::vector<std::string> names;
  const compat::OperatorObserver observer(
      [](const char* name) { return std::string(name) == "aten::matmul" || std::string(name) == "aten::mm"; },
      [&](const compat::OperatorCall& call) { names.emplace_back(call.name); });
  torch::matmul(torch::ones({2, 3}), torch::ones({3, 4}));  // calls mm
  run_mm();
  EXPECT_THAT(names, testing::ElementsAre("aten::matmul", "aten::mm"));
}

TEST(OperatorObserverTest, OneAtATime) {
  OperatorLog first;
  EXPECT_THROW(OperatorLog(), Error);
  run_mm();
  EXPECT_THAT(first.names, testing::ElementsAre("aten::mm")) << "the refused one left the first as it was";
}

TEST(AllocationLimitTest, HoldsUpToTheLimitAndThrowsBeyond) {
  std::vector<torch::Tensor> kept;
  const auto allocate = [&](std::int64_t bytes) { kept.push_back(torch::empty({bytes}, torch::kUInt8)); };
  {
    const compat::AllocationLimit limit(10000, 1000, "model.safetensors", "choose another file");
    EXPECT_NO_THROW(allocate(6000));
    EXPECT_NO_THROW(allocate(4000));
    EXPECT_THAT([&] { allocate(1); },
                testing::ThrowsMessage<InputError>(testing::AllOf(testing::StartsWith("model.safetensors: expected "),
                                                                  testing::HasSubstr("far larger network"),
                                                                  testing::HasSubstr("choose another file"))));
  }
  EXPECT_NO_THROW(allocate(20000));  // behind the scope
}

TEST(AllocationLimitTest, MemoryGivenBackCountsNoMore) {
  const compat::AllocationLimit limit(10000, 1000, "test", "");
  for (int i = 0; i < 100; ++i) EXPECT_NO_THROW(torch::empty({6000}, torch::kUInt8)) << "allocation " << i;
}

TEST(AllocationLimitTest, ManySmallTensorsAreTooManyToo) {
  std::vector<torch::Tensor> kept;
  const compat::AllocationLimit limit(1'000'000, 3, "test", "");
  for (int i = 0; i < 3; ++i) EXPECT_NO_THROW(kept.push_back(torch::empty({1}))) << "allocation " << i;
  EXPECT_THROW(kept.push_back(torch::empty({1})), InputError);
}

}  // namespace
}  // namespace fovea
