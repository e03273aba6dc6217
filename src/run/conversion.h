#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <fovea/config/config_node.h>
#include <fovea/nn/named_tensors.h>
#include <fovea/weights/weights_file.h>
#include <fovea/weights/weights_report.h>

namespace fovea {

/// Name of fovea's own keys, beside the key mappings of other libraries.
inline constexpr const char* kOwnNames = "fovea";

struct ConversionOptions {
  std::string out = {};                    ///< a safetensors file that does not exist yet; empty: nothing is written
  std::string model = {};                  ///< a configuration or a registry name; empty: the file's description, or none
  std::vector<std::string> settings = {};  ///< `KEY=VALUE` for the model
  std::vector<Rename> renames = {};
  std::string key = {};                   ///< of a dict within the file, see read_weights_file(); empty: the usual one
  std::vector<std::string> classes = {};  ///< class names for a model file; empty: the data set's, the file's or ImageNet's
  std::string from = {};                  ///< key mapping of the file; empty: detected
  std::string to = kOwnNames;             ///< key mapping to write
};

/// Result of convert_weights().
struct Conversion {
  std::string in;
  std::string out;                 ///< empty when nothing was written
  std::int64_t tensors_in = 0;     ///< in the file
  std::int64_t values_in = 0;      ///< elements of these tensors
  std::string prefix;              ///< that was removed from all names
  NamedTensors tensors;            ///< by their new names
  std::string network;             ///< registry name; empty without a network
  std::string names_in;            ///< key mapping of the file; empty without a network
  std::string names_out;           ///< key mapping of `tensors`; empty without a network
  bool is_model_file = false;      ///< `out` has a description: load_model() opens it
  WeightsReport report;            ///< comparison with the network; empty without one
  std::string advice;              ///< how the tensors would fit; empty when they do
  std::vector<std::string> notes;  ///< what the file has beside the tensors that were read
};

/// Converts weights to safetensors and to another key mapping. Writes no file when they do not fit the network.
/// @param in a safetensors file, one of torch.save, or a run directory.
/// @throws InputError for an unreadable file or options that do not fit; SystemError when the file cannot be written.
Conversion convert_weights(const std::string& in, const ConversionOptions& options = {});

/// @throws InputError unless the weights fit the network.
void expect_fit(const Conversion& conversion);

/// The document of `fovea convert --json`.
Json to_json(const Conversion& conversion);

}  // namespace fovea
