#pragma once

/// The only file that uses LibTorch beyond ATen and torch::nn, so that another LibTorch version changes one file: it
/// compiles with 1.13 (Debian 12) and 2.6 (Debian 13). Header only: fovea_base itself does not link LibTorch.

#include <cstdint>
#include <functional>
#include <memory>
#include <omp.h>
#include <sstream>
#include <string>
#include <type_traits>
#include <vector>

#include <ATen/Parallel.h>
#include <ATen/core/Tensor.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/core/ivalue.h>
#include <ATen/core/stack.h>
#include <ATen/record_function.h>
#include <c10/core/Allocator.h>
#include <c10/core/impl/LocalDispatchKeySet.h>
#include <c10/util/ThreadLocalDebugInfo.h>
#include <torch/library.h>

#include <fovea/base/error.h>

namespace fovea::compat {

/// Makes LibTorch's operators run single-threaded in the calling thread, and in no other: at::set_num_threads would also
/// change what later threads start with.
inline void use_one_operator_thread() {
  at::get_num_threads();  // LibTorch initialises a thread's OpenMP setting at its first use; ours has to come after
  omp_set_num_threads(1);
  if (at::get_num_threads() != 1) at::set_num_threads(1);  // a LibTorch of a wheel has an OpenMP of its own
}

/// Single-threaded operators in the calling thread for a scope; its end restores the number of threads.
class OneOperatorThread {
 public:
  OneOperatorThread() : before_(at::get_num_threads()) { use_one_operator_thread(); }
  ~OneOperatorThread() {
    omp_set_num_threads(before_);
    if (at::get_num_threads() != before_) at::set_num_threads(before_);
  }
  OneOperatorThread(const OneOperatorThread&) = delete;
  OneOperatorThread& operator=(const OneOperatorThread&) = delete;

 private:
  int before_;
};

/// Arguments and results of an observed operator.
struct OperatorCall {
  const char* name;  ///< e.g. "aten::convolution"
  const std::vector<c10::IValue>& inputs;
  const std::vector<c10::IValue>& outputs;
};

/// Observer of operators in a scope: calls `observe` after every outermost operator (one not called by another operator) of
/// the creating thread that `accept` names. One observer per thread.
class OperatorObserver {
 public:
  using Accept = std::function<bool(const char* name)>;
  using Observe = std::function<void(const OperatorCall&)>;

  OperatorObserver(Accept accept, Observe observe) : accept_(std::move(accept)), observe_(std::move(observe)) {
    if (current() != nullptr) throw Error("OperatorObserver: this thread already has an observer; destroy it first");
    current() = this;
    handle_ = at::addThreadLocalCallback(
        at::RecordFunctionCallback(&OperatorObserver::enter, &OperatorObserver::leave).needsInputs(true).needsOutputs(true));
  }
  ~OperatorObserver() {
    at::removeCallback(handle_);
    current() = nullptr;
  }
  OperatorObserver(const OperatorObserver&) = delete;
  OperatorObserver& operator=(const OperatorObserver&) = delete;

 private:
  /// The arguments live only as long as the start callback.
  struct Accepted : at::ObserverContext {
    std::vector<c10::IValue> inputs;
  };

  static OperatorObserver*& current() {
    thread_local OperatorObserver* observer = nullptr;
    return observer;
  }

  static std::unique_ptr<at::ObserverContext> enter(const at::RecordFunction& function) {
    OperatorObserver* self = current();
    if (self == nullptr || !self->accept_(function.name())) return nullptr;
    ++self->depth_;
    auto accepted = std::make_unique<Accepted>();
    accepted->inputs.assign(function.inputs().begin(), function.inputs().end());
    return accepted;
  }

  static void leave(const at::RecordFunction& function, at::ObserverContext* context) {
    OperatorObserver* self = current();
    if (self == nullptr || context == nullptr) return;
    const auto& inputs = static_cast<const Accepted*>(context)->inputs;
    if (--self->depth_ == 0) self->observe_({function.name(), inputs, function.outputs()});
  }

  Accept accept_;
  Observe observe_;
  int depth_ = 0;
  at::CallbackHandle handle_;
};

/// Kernels of uniform_() and normal_() that leave tensors as they are, for threads that skip_draws().
class SkippedDraws {
 public:
  static constexpr auto kKey = c10::DispatchKey::TESTING_ONLY_GenericMode;  // LibTorch reserves it for modes of its tests

  SkippedDraws()
      : others_(torch::Library::IMPL, "_", kKey, __FILE__, __LINE__),
        draws_(torch::Library::IMPL, "aten", kKey, __FILE__, __LINE__) {
    others_.fallback(torch::CppFunction::makeFallthrough());
    for (const char* draw : {"uniform_", "normal_"}) {
      draws_.impl(draw, torch::CppFunction::makeFromBoxedFunction<&SkippedDraws::keep_tensor>());
    }
  }

 private:
  /// Returns the first argument of the operator.
  static void keep_tensor(const c10::OperatorHandle& draw, torch::jit::Stack* stack) {
    torch::jit::drop(*stack, draw.schema().arguments().size() - 1);
  }

  torch::Library others_, draws_;
};

/// Makes uniform_() and normal_() of the calling thread leave tensors as they are, or draw again. The constructors of
/// LibTorch's layers draw their weights by these, which takes most of the time of building a large network. Python's
/// skip_init() has no counterpart in C++.
inline void skip_draws(bool skip) {
  static const SkippedDraws kernels;
  c10::impl::tls_set_dispatch_key_included(SkippedDraws::kKey, skip);
}

/// Key of a parameter in an optimiser's state: its address, which LibTorch 1.13 spells as text.
template <typename Key>
Key optimizer_state_key(const at::Tensor& parameter) {
  if constexpr (std::is_pointer_v<Key>) {
    return parameter.unsafeGetTensorImpl();
  } else {
    std::ostringstream text;
    text << parameter.unsafeGetTensorImpl();
    return text.str();
  }
}

/// Type of the totals in a memory report: std::int64_t in LibTorch 1.13, std::size_t later.
template <typename Report>
struct MemoryTotalOf;
template <typename Total>
struct MemoryTotalOf<void (c10::MemoryReportingInfoBase::*)(void*, std::int64_t, Total, Total, c10::Device)> {
  using type = Total;
};
using MemoryTotal = MemoryTotalOf<decltype(&c10::MemoryReportingInfoBase::reportMemoryUsage)>::type;

/// Memory limit in a scope: a tensor allocation of the creating thread that makes the total exceed `bytes`, or the number of
/// allocations exceed `allocations`, throws InputError. For building networks from untrusted descriptions, where each tensor
/// comes with modules that take far more memory than a small tensor.
class AllocationLimit {
 public:
  /// @param where, advice beginning and end of the message.
  AllocationLimit(std::int64_t bytes, std::int64_t allocations, const std::string& where, const std::string& advice)
      : guard_(c10::DebugInfoKind::PROFILER_STATE, std::make_shared<Reporter>(bytes, allocations, where, advice)) {}

 private:
  class Reporter final : public c10::MemoryReportingInfoBase {
   public:
    Reporter(std::int64_t bytes, std::int64_t allocations, std::string where, std::string advice)
        : remaining_(bytes), allocations_(allocations), where_(std::move(where)), advice_(std::move(advice)) {}
    bool memoryProfilingEnabled() const override { return true; }
    void reportMemoryUsage(void*, std::int64_t size, MemoryTotal, MemoryTotal, c10::Device) override {
      remaining_ -= size;  // negative when memory is freed
      if (size > 0 && (remaining_ < 0 || --allocations_ < 0)) {
        throw InputError(where_, "a description of the network whose weights the file holds", "one of a far larger network",
                         advice_);
      }
    }

   private:
    std::int64_t remaining_, allocations_;
    std::string where_, advice_;
  };

  c10::DebugInfoGuard guard_;
};

}  // namespace fovea::compat
