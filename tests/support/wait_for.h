#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <thread>

#include <gtest/gtest.h>

namespace fovea {

/// Waits for what another process or thread does, at most two minutes: much longer than it takes on a busy machine.
/// @param what is named when it does not come. @param messages what the other process has said until then.
inline testing::AssertionResult wait_for(const std::string& what, const std::function<bool()>& has_come,
                                         const std::function<std::string()>& messages = {}) {
  constexpr std::chrono::minutes kPatience{2};
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  while (!has_come()) {
    if (std::chrono::steady_clock::now() > deadline) {
      auto failure = testing::AssertionFailure() << "waited two minutes in vain for " << what;
      if (messages) failure << "; messages until then:\n" << messages();
      return failure;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return testing::AssertionSuccess();
}

}  // namespace fovea
