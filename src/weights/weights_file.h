#pragma once

#include <string>
#include <vector>

#include <fovea/weights/rename.h>
#include <fovea/weights/safetensors.h>

namespace fovea {

/// Tensors of a weights file, of fovea or another library.
struct WeightsFile {
  std::string path;      ///< of a set of files: its index
  NamedTensors tensors;  ///< without `prefix`
  /// Prefix of every name in the file that DataParallel, DistributedDataParallel or torch.compile added: "module.",
  /// "_orig_mod.", both, or empty.
  std::string prefix;
  /// Key mapping of the names, e.g. "timm", when `fovea convert` wrote the file; empty when unknown. See name_for().
  std::string mapping = "";
  Metadata metadata = {};  ///< of a single safetensors file
  std::vector<std::string> notes =
      {};  ///< what the user should know, a sentence each: tensors of other keys, skipped values
};

/// Metadata key of a safetensors file: the key mapping of its names.
inline constexpr const char* kMappingKey = "fovea.names";

/// True when the first bytes are those of a safetensors file. @throws InputError when it cannot be read.
bool is_safetensors(const std::string& path);

/// Reads a safetensors file or a file of torch.save, distinguished by their first bytes; see read_torch_file(). Of a set of
/// files with an index (`model.safetensors.index.json`, `pytorch_model.bin.index.json`) either the index or any of its files
/// reads the whole set.
/// @param key path of nested dicts in a file of torch.save, with dots; empty: see read_torch_file().
/// @throws InputError when it is neither, damaged or without tensors, when there is no such key, or an incomplete set.
WeightsFile read_weights_file(const std::string& path, const std::string& key = "");

/// Removes a wrapper's prefix that all names have. `n_averaged`, the counter of PyTorch's AveragedModel, is skipped.
WeightsFile without_wrapper_prefix(const std::string& path, NamedTensors tensors);

/// Applies renames, one after the other. A rename may include the prefix of the file: "module.linear=fc".
/// @throws InputError when one matches no key, two tensors would have the same name, or no tensor remains.
NamedTensors renamed_tensors(const WeightsFile& file, const std::vector<Rename>& renames);

}  // namespace fovea
