#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <fovea/config/config_node.h>
#include <fovea/models/parameter_free_choice.h>
#include <fovea/nn/named_tensors.h>
#include <fovea/weights/weights_file.h>
#include <fovea/weights/weights_report.h>

namespace fovea {

/// Name of fovea's own keys, beside the key mappings of other libraries.
inline constexpr const char* kOwnNames = "fovea";
/// The same keys in a file without a description, for Python.
inline constexpr const char* kStateDictNames = "state_dict";

struct ConversionOptions {
  std::string out = {};                    ///< a safetensors file that does not exist yet; empty: nothing is written
  std::string model = {};                  ///< a configuration or a registry name; empty: the file's description, or none
  std::vector<std::string> settings = {};  ///< `KEY=VALUE` for the model
  std::vector<Rename> renames = {};
  std::string key = {};                   ///< of a dict within the file, see read_weights_file(); empty: the usual one
  std::vector<std::string> classes = {};  ///< class names for a model file; empty: the data set's, the file's or ImageNet's
  std::string from = {};                  ///< key mapping of the file; empty: detected
  std::string to = kOwnNames;             ///< key mapping to write, kOwnNames for a model file, or kStateDictNames
  std::string python = {};  ///< a Python file that does not exist yet: the network in PyTorch; empty: none is written
};

/// Result of convert_weights().
struct Conversion {
  std::string in;
  std::string out;                             ///< empty when nothing was written
  std::int64_t tensors_in = 0;                 ///< in the file
  std::int64_t values_in = 0;                  ///< elements of these tensors
  std::string prefix;                          ///< that was removed from all names
  NamedTensors tensors;                        ///< by their new names
  std::string network;                         ///< registry name; empty without a network
  std::string names_in;                        ///< key mapping of the file; empty without a network
  std::string names_out;                       ///< key mapping of `tensors`; empty without a network
  bool is_model_file = false;                  ///< `out` has a description: load_model() opens it
  std::string python;                          ///< the Python file; empty when none was written
  std::vector<AssumedChoice> assumed;          ///< what an external checkpoint cannot tell of the network
  std::vector<std::string> attention_tensors;  ///< those of `tensors` that another library's network of this name lacks
  WeightsReport report;                        ///< comparison with the network; empty without one
  std::string advice;                          ///< how the tensors would fit; empty when they do
  std::vector<std::string> notes;  ///< on what the file has beside the tensors, and on keys that settings removed
};

/// Converts weights to safetensors and to another key mapping. Writes no file when they do not fit the network. Files for
/// other libraries have class names and preprocessing in their metadata. The Python file needs only torch, rebuilds the
/// network and loads `out`, or `in` where that is a model file and `out` is empty.
/// @param in a safetensors file, one of torch.save, or a run directory.
/// @throws InputError for an unreadable file, options that do not fit, a network with attention under torchvision's names,
/// which has none, or a network that has no Python form; SystemError when a file cannot be written.
Conversion convert_weights(const std::string& in, const ConversionOptions& options = {});

/// @throws InputError unless the weights fit the network.
void expect_fit(const Conversion& conversion);

/// The document of `fovea convert --json`.
Json to_json(const Conversion& conversion);

}  // namespace fovea
