#pragma once

#include <memory>
#include <string>

#include <gtest/gtest.h>
#include <torch/torch.h>

namespace fovea {

/// Names of the parameters and buffers that differ between two modules, each followed by a space.
inline std::string different_tensors(const torch::nn::Module& first, const torch::nn::Module& second) {
  std::string different;
  const auto compare = [&](const auto& some, const auto& others) {
    for (const auto& item : some) {
      const auto* other = others.find(item.key());
      if (other == nullptr || !torch::equal(item.value(), *other)) different += item.key() + " ";
    }
    if (some.size() != others.size()) different += "(their number) ";
  };
  compare(first.named_parameters(), second.named_parameters());
  compare(first.named_buffers(), second.named_buffers());
  return different;
}

/// Expects a clone of the same type with tensors of its own that have the same values.
template <typename Module>
void expect_clone(const Module& module) {
  const auto clone = std::dynamic_pointer_cast<Module>(module.clone());
  ASSERT_NE(clone, nullptr);
  EXPECT_EQ(different_tensors(module, *clone), "");
  const auto parameters = module.named_parameters(), copies = clone->named_parameters();
  for (const auto& item : parameters) EXPECT_FALSE(item.value().is_alias_of(copies[item.key()])) << item.key();
}

/// Expects that both functions make the same module from the same state of LibTorch's generator, and that it can be cloned.
template <typename MakeFirst, typename MakeSecond>
void expect_twins(MakeFirst make_first, MakeSecond make_second) {
  torch::manual_seed(3);
  const auto first = make_first();
  torch::manual_seed(3);
  const auto second = make_second();
  EXPECT_EQ(different_tensors(*first, *second), "");
  expect_clone(*first);
}

}  // namespace fovea
