#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <fovea/base/error.h>
#include <fovea/weights/state_dict.h>

namespace fovea {
namespace {

/// Two parameters of a linear layer, two parameters and three buffers of a norm.
struct StatefulNet : torch::nn::Module {
  StatefulNet() {
    fc = register_module("fc", torch::nn::Linear(3, 2));
    bn = register_module("bn", torch::nn::BatchNorm1d(2));
  }
  torch::nn::Linear fc{nullptr};
  torch::nn::BatchNorm1d bn{nullptr};
};

/// A state for StatefulNet in which every tensor differs from what the module starts with.
NamedTensors counted_state() {
  NamedTensors state = copy_state(StatefulNet());
  int start = 10;
  for (auto& [name, tensor] : state) {
    tensor = torch::arange(start, start + tensor.numel()).view(tensor.sizes()).to(tensor.dtype());
    ++start;
  }
  return state;
}

void expect_equal_states(const NamedTensors& left, const NamedTensors& right) {
  ASSERT_EQ(left.size(), right.size());
  for (const auto& [name, tensor] : left) EXPECT_TRUE(torch::equal(tensor, right.at(name))) << name;
}

std::string load_message(const NamedTensors& state) {
  StatefulNet net;
  try {
    load_state_dict(net, state, "a.safetensors");
  } catch (const InputError& error) {
    return error.what();
  }
  return "no InputError";
}

TEST(StateDictTest, HoldsParametersAndBuffersAndSharesTheirMemory) {
  const StatefulNet net;
  const NamedTensors state = state_dict(net);
  std::vector<std::string> names;
  for (const auto& [name, tensor] : state) names.push_back(name);
  EXPECT_THAT(names, testing::ElementsAre("bn.bias", "bn.num_batches_tracked", "bn.running_mean", "bn.running_var",
                                          "bn.weight", "fc.bias", "fc.weight"));
  EXPECT_EQ(state.at("fc.weight").data_ptr(), net.fc->weight.data_ptr());
  EXPECT_EQ(state.at("bn.running_var").data_ptr(), net.bn->running_var.data_ptr());
}

TEST(StateDictTest, ACopySharesNothing) {
  const StatefulNet net;
  const NamedTensors copy = copy_state(net);
  const NamedTensors own = state_dict(net);
  expect_equal_states(copy, own);
  for (const auto& [name, tensor] : copy) {
    EXPECT_NE(tensor.data_ptr(), own.at(name).data_ptr()) << name;
    EXPECT_FALSE(tensor.requires_grad()) << name;
  }
}

TEST(StateDictTest, LoadingSetsEveryTensor) {
  StatefulNet net;
  load_state_dict(net, counted_state(), "test");
  expect_equal_states(copy_state(net), counted_state());
  EXPECT_TRUE(net.fc->weight.requires_grad());
  EXPECT_TRUE(net.fc->weight.is_leaf());
}

TEST(StateDictTest, LoadingConvertsTypes) {
  NamedTensors state = counted_state();
  state["fc.weight"] = (torch::arange(6) / 4.0).view({2, 3}).to(torch::kFloat16);  // quarters: exact in both types
  StatefulNet net;
  load_state_dict(net, state, "test");
  EXPECT_EQ(net.fc->weight.scalar_type(), torch::kFloat32);
  EXPECT_TRUE(torch::equal(net.fc->weight, state["fc.weight"].to(torch::kFloat32)));
}

TEST(StateDictTest, LoadingKeepsSharedStorageShared) {
  StatefulNet master;
  StatefulNet shard;
  shard.fc->weight.set_data(master.fc->weight.data());
  const void* memory = master.fc->weight.data_ptr();
  load_state_dict(master, counted_state(), "test");
  EXPECT_EQ(master.fc->weight.data_ptr(), memory);
  EXPECT_EQ(shard.fc->weight.data_ptr(), memory);
  EXPECT_TRUE(torch::equal(shard.fc->weight, counted_state().at("fc.weight")));
}

TEST(StateDictTest, MissingTensorsAreNamed) {
  NamedTensors state = counted_state();
  state.erase("fc.weight");
  EXPECT_EQ(load_message(state),
            "a.safetensors: expected the weights of this 7-tensor network, got 1 missing (fc.weight); "
            "the file belongs to another architecture");
}

TEST(StateDictTest, UnexpectedTensorsAreNamedWithTheNearest) {
  NamedTensors state = counted_state();
  state.erase("fc.weight");
  state["fc.weigth"] = torch::ones({2, 3});
  state["classifier.6.scale"] = torch::ones({1});
  EXPECT_THAT(
      load_message(state),
      testing::HasSubstr("got 1 missing (fc.weight) and 2 unexpected (classifier.6.scale, fc.weigth, near fc.weight);"));
}

TEST(StateDictTest, AnExtraTensorAloneIsRefused) {
  NamedTensors state = counted_state();
  state["extra"] = torch::ones({1});
  EXPECT_THAT(load_message(state), testing::HasSubstr("got 1 unexpected (extra);"));
}

TEST(StateDictTest, AnotherShapeIsNamedWithBothShapes) {
  NamedTensors state = counted_state();
  state["fc.weight"] = torch::ones({3, 2});  // as many elements
  state["bn.bias"] = torch::ones({1});       // would broadcast
  EXPECT_THAT(load_message(state),
              testing::HasSubstr("got 2 with a shape mismatch (bn.bias [2], got [1], fc.weight [2, 3], got [3, 2]);"));
}

TEST(StateDictTest, AllKindsOfDifferenceComeInOneLineAndAreCutShort) {
  NamedTensors state;
  add_with_prefix(state, counted_state(), "module.");
  const std::string message = load_message(state);
  EXPECT_THAT(message, testing::HasSubstr(
                           "got 7 missing (bn.bias, bn.num_batches_tracked, bn.running_mean, ...) and 7 unexpected ("));
  EXPECT_THAT(message, testing::Not(testing::HasSubstr("\n")));
}

TEST(StateDictTest, ARefusedStateChangesNothing) {
  StatefulNet net;
  const NamedTensors before = copy_state(net);
  NamedTensors state = counted_state();
  state["fc.weight"] = torch::ones({3, 2});
  EXPECT_THROW(load_state_dict(net, state, "test"), InputError);
  expect_equal_states(copy_state(net), before);
}

TEST(StateDictTest, PrefixesAreAddedAndRemoved) {
  const NamedTensors inner{{"weight", torch::ones({1})}, {"model.weight", torch::zeros({1})}};
  NamedTensors all{{"step", torch::full({1}, 7)}};
  add_with_prefix(all, inner, "model.");
  ASSERT_EQ(all.size(), 3);
  EXPECT_TRUE(torch::equal(all.at("model.weight"), torch::ones({1})));
  EXPECT_TRUE(torch::equal(all.at("model.model.weight"), torch::zeros({1})));
  expect_equal_states(with_prefix_removed(all, "model."), inner);  // only the first of two prefixes goes
  EXPECT_TRUE(with_prefix_removed(all, "ema.").empty());
}

}  // namespace
}  // namespace fovea
