#pragma once

#include <string>

#include <fovea/weights/safetensors.h>

namespace fovea {

/// Reads the state dict of a file that Python's `torch.save` wrote: `.pth`, `.pt`, `.bin`, `.ckpt`, `.pth.tar`, whatever its
/// name; the zip archives since PyTorch 1.6 and the format before. Nothing in the file is run: classes and calls other than
/// those of tensors stay names, and the file is mapped and checked before anything is allocated from what it claims.
///
/// The state dict is a dict, or OrderedDict, from names to tensors. It is what lies under the first of the keys
/// `state_dict`, `model`, `model_state`, `model_state_dict`, `net`, `network`, `state_dict_ema`, `model_ema` that has one,
/// nested to any of these; else the saved value itself. All else in a checkpoint (epoch, optimiser, options) is passed over.
/// Values that are None are
/// left out; names are as in the file.
///
/// The tensors keep their types (half and bfloat16 too), are contiguous, and share no memory, also those that did when they
/// were saved.
/// @throws InputError when it is no such file, is damaged, holds no state dict, or holds in it anything else than tensors:
/// `<path>: <place>: expected ..., got ...; <what to do>`.
NamedTensors read_torch_file(const std::string& path);

}  // namespace fovea
