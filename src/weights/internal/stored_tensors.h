#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include <c10/core/ScalarType.h>

#include <fovea/weights/internal/pickle.h>

namespace fovea {

/// Contiguous values of one type, which tensors are views of.
struct TensorStorage {
  c10::ScalarType type = c10::ScalarType::Float;
  std::int64_t elements = 0;

  std::uint64_t bytes() const { return static_cast<std::uint64_t>(elements) * c10::elementSize(type); }
  bool operator==(const TensorStorage&) const = default;
};

/// Layout of a tensor in its storage. It is checked: all values lie inside the storage.
struct StoredTensor {
  std::string name;
  std::string key;  ///< of its storage
  TensorStorage storage;
  std::int64_t offset = 0;
  std::vector<std::int64_t> sizes;
  std::vector<std::int64_t> strides;  ///< >= 0, and 1 along sides of length 1
  std::int64_t elements = 0;          ///< the product of the sizes

  std::uint64_t bytes() const { return static_cast<std::uint64_t>(elements) * c10::elementSize(storage.type); }
};

/// State dict in a pickle of torch.save; see TorchFile.
struct StoredStateDict {
  std::vector<StoredTensor> tensors;
  std::string key;
  std::vector<std::string> other_keys;
  std::vector<std::string> skipped;
};

/// Finds the state dict in a pickle of torch.save: a dict from names to tensors, found as read_torch_file() says.
/// @param where names the file and the place in it.
/// @throws InputError when there is none, or one with tensors that are not plain; when the pickle would run other code in
/// Python.
StoredStateDict find_state_dict(const Pickle& pickle, const std::string& key, const std::string& where);

/// All storages that tensors of the pickle refer to, inside and outside of the state dict, by their keys.
/// @throws InputError for unknown types.
std::map<std::string, TensorStorage> find_storages(const Pickle& pickle, const std::string& where);

}  // namespace fovea
