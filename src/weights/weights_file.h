#pragma once

#include <string>
#include <vector>

#include <fovea/weights/safetensors.h>

namespace fovea {

/// Tensors of a weights file, of fovea or another library.
struct WeightsFile {
  std::string path;
  NamedTensors tensors;  ///< without `prefix`
  /// Prefix of every name in the file that DataParallel, DistributedDataParallel or torch.compile added: "module.",
  /// "_orig_mod.", both, or empty.
  std::string prefix;
  /// Key mapping of the names, e.g. "timm", when `fovea convert` wrote the file; empty when unknown. See name_for().
  std::string mapping = "";
};

/// True when the first bytes are those of a safetensors file. @throws InputError when it cannot be read.
bool is_safetensors(const std::string& path);

/// Metadata key of a safetensors file: the key mapping of its names.
inline constexpr const char* kMappingKey = "fovea.names";

/// Reads a safetensors file or a file of torch.save, distinguished by their first bytes; see read_torch_file().
/// @throws InputError when it is neither, damaged or without tensors.
WeightsFile read_weights_file(const std::string& path);

/// Removes a wrapper's prefix that all names have. `n_averaged`, the counter of PyTorch's AveragedModel, is skipped.
WeightsFile without_wrapper_prefix(const std::string& path, NamedTensors tensors);

/// Rename of keys: `from`, one or more whole components of a dotted name, becomes `to` wherever it occurs.
struct Rename {
  std::string from;
  std::string to;  ///< empty: the components are removed, and a tensor without a remaining name is skipped
};

/// Parses "linear=fc". @param where names the option in messages, e.g. "train.init.rename". @throws InputError.
Rename parse_rename(const std::string& text, const std::string& where);

/// Applies renames, one after the other. A rename may include the prefix of the file: "module.linear=fc".
/// @throws InputError when one matches no key, two tensors would have the same name, or no tensor remains.
NamedTensors renamed_tensors(const WeightsFile& file, const std::vector<Rename>& renames);

}  // namespace fovea
