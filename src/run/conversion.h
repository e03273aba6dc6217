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

/// What fovea's own names of tensors are called, beside those of other libraries.
inline constexpr const char* kOwnNames = "fovea";

struct ConversionOptions {
  std::string out = {};                    ///< a safetensors file that does not exist yet; empty: nothing is written
  std::string model = {};                  ///< a configuration or a registry name; empty: what the file says, or none
  std::vector<std::string> settings = {};  ///< `KEY=VALUE` for the model
  std::vector<Rename> renames = {};
  std::vector<std::string> classes = {};  ///< their names, for a model file; empty: those that are known
  std::string from = {};                  ///< whose names the file has; empty: found out
  std::string to = kOwnNames;             ///< whose names to write
};

/// What became of a file of weights.
struct Conversion {
  std::string in;
  std::string out;              ///< empty when nothing was written
  std::int64_t tensors_in = 0;  ///< in the file
  std::int64_t values_in = 0;   ///< in these
  std::string prefix;           ///< that was taken off all names
  NamedTensors tensors;         ///< by their new names
  std::string network;          ///< they are for; empty without one
  std::string names_in;         ///< whose names the file had; empty without a network
  std::string names_out;        ///< whose names they have now; empty without a network
  bool is_model_file = false;   ///< `out` has a description: load_model() opens it
  WeightsReport report;         ///< how they fit the network; empty without one
};

/// Brings weights to safetensors and to other names. Writes nothing when they do not fit the network.
/// @param in a safetensors file, one of torch.save, or a run directory. @throws InputError; SystemError.
Conversion convert_weights(const std::string& in, const ConversionOptions& options = {});

/// @throws InputError unless the weights fit the network.
void expect_fit(const Conversion& conversion);

/// The document of `fovea convert --json`.
Json to_json(const Conversion& conversion);

}  // namespace fovea
