#pragma once

#include <string>
#include <vector>

#include <fovea/weights/safetensors.h>

namespace fovea {

/// Comparison of the tensors of a file with those of a network.
struct WeightsReport {
  /// A key that the network does not have.
  struct Unexpected {
    std::string name;
    std::string nearest;  ///< nearest missing key; empty when none is near
  };
  /// A tensor with the right name and the wrong shape or dtype.
  struct Mismatch {
    std::string name;
    std::string expected;  ///< shape or dtype of the network
    std::string got;
  };

  std::vector<std::string> missing;
  std::vector<Unexpected> unexpected;
  std::vector<Mismatch> shape_mismatch;
  std::vector<Mismatch> dtype_mismatch;  ///< integers in place of floats, or floats in place of integers
  std::vector<std::string> not_finite;   ///< with NaN or infinity; no mismatch

  /// True without missing and unexpected keys and without mismatches.
  bool fits() const { return missing.empty() && unexpected.empty() && shape_mismatch.empty() && dtype_mismatch.empty(); }

  /// The differences in one line that quotes a few of each kind: "2 missing (a, b) and 1 unexpected (c)".
  std::string summary() const;
};

/// Compares names, shapes and types; `not_finite` stays empty, and `nearest` is found for as many unexpected keys as takes
/// little time.
WeightsReport compare_weights(const NamedTensors& own, const NamedTensors& given);

/// The same without nearest keys, in time proportional to the number of tensors.
WeightsReport compare_without_suggestions(const NamedTensors& own, const NamedTensors& given);

/// Names of the tensors with NaN or infinity, also after conversion to float32.
std::vector<std::string> not_finite_names(const NamedTensors& tensors);

}  // namespace fovea
