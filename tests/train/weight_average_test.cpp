#include <gtest/gtest.h>
#include <torch/torch.h>

#include <fovea/train/weight_average.h>
#include <fovea/weights/state_dict.h>

#include "toy_task.h"

namespace fovea {
namespace {

void add_to_weights(Classifier& network, double value) {
  const torch::NoGradGuard no_grad;
  for (torch::Tensor& parameter : network.parameters()) parameter.add_(value);
}

TEST(WeightAverageTest, FollowsByHand) {
  const auto network = toy_network();
  initialise(*network, 1);
  const double start = network->named_parameters()["fc.bias"][0].item<double>();
  WeightAverage average(toy_network(), *network, 0.3);
  const auto value = [&] { return average.network().named_parameters()["fc.bias"][0].item<double>() - start; };
  EXPECT_EQ(value(), 0);
  add_to_weights(*network, 1);
  average.update(*network, 1);
  EXPECT_NEAR(value(), 1 - 2.0 / 11, 1e-6);  // (1 + 1) / (10 + 1) is below 0.3
  add_to_weights(*network, 1);
  average.update(*network, 100);
  EXPECT_NEAR(value(), 0.3 * (1 - 2.0 / 11) + 0.7 * 2, 1e-6);
}

TEST(WeightAverageTest, AveragesRunningStatisticsAndCopiesCounters) {
  const auto network = toy_network();
  initialise(*network, 1);
  WeightAverage average(toy_network(), *network, 0.5);
  const torch::NoGradGuard no_grad;
  network->named_buffers()["bn1.running_mean"].fill_(4);
  network->named_buffers()["bn1.num_batches_tracked"].fill_(7);
  average.update(*network, 1000);
  EXPECT_NEAR(average.network().named_buffers()["bn1.running_mean"][0].item<double>(), 2, 1e-6);
  EXPECT_EQ(average.network().named_buffers()["bn1.num_batches_tracked"].item<std::int64_t>(), 7);
}

TEST(WeightAverageTest, WhatDoesNotMoveStaysToTheBit) {
  const auto network = toy_network();
  initialise(*network, 1);
  WeightAverage average(toy_network(), *network, 0.999);
  for (std::int64_t update = 1; update <= 50; ++update) average.update(*network, update);
  for (const auto& [name, tensor] : state_dict(*network)) {
    EXPECT_TRUE(torch::equal(tensor, state_dict(average.network()).at(name))) << name;
  }
}

}  // namespace
}  // namespace fovea
