#pragma once

#include <optional>

#include <fovea/base/random.h>
#include <fovea/nn/default_generator.h>

namespace fovea {

/// Random stream of one forward pass: a given one, or one that LibTorch's default generator keys at its first use. A pass
/// that draws nothing then leaves that generator as it was.
class ForwardStream {
 public:
  ForwardStream(const RandomStream& stream) : stream_(stream) {}  // NOLINT(google-explicit-constructor)

  static ForwardStream from_default_generator() { return {}; }

  /// RandomStream::child() of the stream.
  template <typename Part>
  RandomStream child(const Part& part) const {
    return stream().child(part);
  }
  RandomStream::result_type operator()() { return stream()(); }
  operator RandomStream&() { return stream(); }              // NOLINT(google-explicit-constructor)
  operator const RandomStream&() const { return stream(); }  // NOLINT(google-explicit-constructor)

 private:
  ForwardStream() = default;

  RandomStream& stream() const {
    if (!stream_) stream_.emplace(seed_from_default_generator(), Purpose::forward);
    return *stream_;
  }

  mutable std::optional<RandomStream> stream_;  ///< None until the first use
};

}  // namespace fovea
