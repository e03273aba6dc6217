#pragma once

#include <string>
#include <vector>

#include <fovea/nn/named_tensors.h>

namespace fovea {

/// State dict of a file that Python's `torch.save` wrote.
struct TorchFile {
  NamedTensors tensors;
  std::string key;  ///< where the saved value has the state dict: keys of nested dicts, with dots; empty: the value itself
  std::vector<std::string> other_keys;  ///< where it has other dicts of tensors, such as averaged weights
  std::vector<std::string> skipped;     ///< values of the state dict that are no tensors: "epoch (the number 3)"
};

/// Reads a state dict of a file that Python's `torch.save` wrote: `.pth`, `.pt`, `.bin`, `.ckpt`, `.pth.tar` or any other
/// name; the zip archives since PyTorch 1.6 and the format before. No code of the file is run: classes and calls other than
/// those of tensors stay names. The file is checked before memory is allocated; one before PyTorch 1.6 is read into memory
/// as a whole.
///
/// The state dict is a dict, or OrderedDict, from names to tensors. It is the value of the first of the keys `state_dict`,
/// `model`, `model_state`, `model_state_dict`, `net`, `network`, `state_dict_ema`, `model_ema` that has one, nested to any
/// depth; else the saved value itself. Other values of a checkpoint (epoch, optimiser, options) are ignored, as are those
/// values of the state dict that are None or no tensors. Names are as in the file.
///
/// The tensors keep their types (half and bfloat16 too), are contiguous, and share no memory, also when they did in Python.
/// @param key path of another state dict, with dots between the keys of nested dicts: "teacher", "model.student". There the
/// search begins.
/// @throws InputError when it is not such a file, is damaged, has no state dict (at the key), or one with tensors of other
/// kinds (quantised, sparse): `<path>: <place>: expected ..., got ...; <what to do>`.
TorchFile read_torch_file(const std::string& path, const std::string& key = "");

}  // namespace fovea
