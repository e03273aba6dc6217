#pragma once

#include <string>
#include <vector>

#include <fovea/weights/safetensors.h>

namespace fovea {

/// How given tensors fit a network's own.
struct WeightsReport {
  /// A tensor that the network has no place for.
  struct Unexpected {
    std::string name;
    std::string nearest;  ///< of the missing ones; empty when none is near
  };
  /// A tensor of the right name that does not fit.
  struct Misfit {
    std::string name;
    std::string expected;  ///< shape or type
    std::string got;
  };

  std::vector<std::string> missing;
  std::vector<Unexpected> unexpected;
  std::vector<Misfit> reshaped;         ///< of another shape
  std::vector<Misfit> retyped;          ///< whole numbers where the network has real ones, or the other way round
  std::vector<std::string> not_finite;  ///< that hold NaN or infinity: they fit

  /// Whether every tensor fits, finite or not.
  bool fits() const { return missing.empty() && unexpected.empty() && reshaped.empty() && retyped.empty(); }

  /// What does not fit, in one line that quotes a few of each kind: "2 missing (a, b) and 1 unexpected (c)".
  std::string summary() const;
};

/// Compares names, shapes and types; what is not finite stays unknown.
WeightsReport compare_weights(const NamedTensors& own, const NamedTensors& given);

/// The names of the tensors that hold NaN or infinity, also once they are converted to float32.
std::vector<std::string> not_finite(const NamedTensors& tensors);

}  // namespace fovea
