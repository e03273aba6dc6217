#pragma once

#include <string>
#include <vector>

#include <fovea/weights/safetensors.h>

namespace fovea {

/// The tensors in a file of weights, whoever wrote it.
struct WeightsFile {
  std::string path;
  NamedTensors tensors;  ///< without `prefix`
  /// What DataParallel, DistributedDataParallel and torch.compile put in front of every name in the file: "module.",
  /// "_orig_mod.", both, or nothing.
  std::string prefix;
  /// Whose names they are where that is known, e.g. "timm": written by `fovea convert`; see name_for().
  std::string mapping = "";
};

/// Whether the file begins as safetensors do. @throws InputError when it cannot be read.
bool is_safetensors(const std::string& path);

/// Metadata of a safetensors file under other names than its network's: whose.
inline constexpr const char* kMappingKey = "fovea.names";

/// Reads a safetensors file or one of torch.save, told apart by their first bytes; see read_torch_file().
/// @throws InputError when it is neither, damaged or without tensors.
WeightsFile read_weights_file(const std::string& path);

/// Takes the prefixes of wrappers off the names that all have them. `n_averaged`, the counter that PyTorch's AveragedModel
/// puts beside them, is left out.
WeightsFile without_wrapper_prefix(const std::string& path, NamedTensors tensors);

/// A change of names: `from`, one or more whole parts of a dotted name, becomes `to` wherever it stands.
struct Rename {
  std::string from;
  std::string to;  ///< empty: the parts are left out, and a tensor of whose name nothing is left with them
};

/// "linear=fc". @param where the option for messages, e.g. "--rename". @throws InputError.
Rename parse_rename(const std::string& text, const std::string& where);

/// Changes names, one rename after the other. A rename may name the file's own prefix too: "module.linear=fc".
/// @throws InputError when one changes nothing, two tensors would have one name, or none is left.
NamedTensors renamed(const WeightsFile& file, const std::vector<Rename>& renames);

}  // namespace fovea
