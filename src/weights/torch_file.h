#pragma once

#include <string>

#include <fovea/weights/safetensors.h>

namespace fovea {

/// Reads the state dict of a file that Python's `torch.save` wrote: `.pth`, `.pt`, `.bin`, `.ckpt`, `.pth.tar` or any other
/// name; the zip archives since PyTorch 1.6 and the format before. No code of the file is run: classes and calls other than
/// those of tensors stay names. The file is memory-mapped and checked before memory is allocated.
///
/// The state dict is a dict, or OrderedDict, from names to tensors. It is the value of the first of the keys `state_dict`,
/// `model`, `model_state`, `model_state_dict`, `net`, `network`, `state_dict_ema`, `model_ema` that has one, nested to any
/// depth; else the saved value itself. Other values of a checkpoint (epoch, optimiser, options) are ignored, and values that
/// are None are skipped. Names are as in the file.
///
/// The tensors keep their types (half and bfloat16 too), are contiguous, and share no memory, also when they did in Python.
/// @throws InputError when it is not such a file, is damaged, has no state dict, or one with other values than tensors:
/// `<path>: <place>: expected ..., got ...; <what to do>`.
NamedTensors read_torch_file(const std::string& path);

}  // namespace fovea
