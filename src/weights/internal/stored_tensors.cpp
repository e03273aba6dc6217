#include <algorithm>
#include <array>
#include <limits>
#include <optional>
#include <set>
#include <span>
#include <string_view>
#include <tuple>
#include <utility>

#include <fovea/base/error.h>
#include <fovea/base/utf8.h>
#include <fovea/weights/internal/damage_advice.h>
#include <fovea/weights/internal/stored_tensors.h>

namespace fovea {
namespace {

using Kind = PickleValue::Kind;
using Sides = std::vector<std::int64_t>;

constexpr std::size_t kMostSides = 64;  // limit of LibTorch's kernels
constexpr int kDeepestNesting = 4;
constexpr const char* kSaveStateDict = "in Python, load the file and torch.save(model.state_dict(), ...)";

constexpr std::size_t kMostTensors = 1 << 14;  // ten times what large networks have

/// Keys of the state dict in checkpoints, in order of preference: averaged weights only when there are no others.
constexpr std::array<const char*, 8> kStateDictKeys{"state_dict", "model",   "model_state",    "model_state_dict",
                                                    "net",        "network", "state_dict_ema", "model_ema"};

constexpr std::array<std::pair<const char*, c10::ScalarType>, 10> kStorageTypes{
    {{"torch.FloatStorage", c10::ScalarType::Float},
     {"torch.DoubleStorage", c10::ScalarType::Double},
     {"torch.HalfStorage", c10::ScalarType::Half},
     {"torch.BFloat16Storage", c10::ScalarType::BFloat16},
     {"torch.LongStorage", c10::ScalarType::Long},
     {"torch.IntStorage", c10::ScalarType::Int},
     {"torch.ShortStorage", c10::ScalarType::Short},
     {"torch.CharStorage", c10::ScalarType::Char},
     {"torch.ByteStorage", c10::ScalarType::Byte},
     {"torch.BoolStorage", c10::ScalarType::Bool}}};

/// Modules and functions that attacks use and checkpoints do not. This reader never calls them, but Python would, so the
/// user is warned. Safety does not depend on this list.
constexpr std::array<const char*, 19> kProgramStarters{"os",
                                                       "posix",
                                                       "nt",
                                                       "subprocess",
                                                       "pty",
                                                       "sys",
                                                       "runpy",
                                                       "ctypes",
                                                       "socket",
                                                       "importlib",
                                                       "shutil",
                                                       "marshal",
                                                       "pdb",
                                                       "webbrowser",
                                                       "builtins.eval",
                                                       "builtins.exec",
                                                       "builtins.compile",
                                                       "builtins.open",
                                                       "builtins.__import__"};

std::string quoted(const std::string& name) {
  return "'" + name + "'";
}

/// Reads tensors of torch.save from a pickle.
class TensorPickle {
 public:
  explicit TensorPickle(const Pickle& pickle) : pickle_(pickle) {}

  bool is_tensor(PickleId id) const { return is_parameter(id) || is_rebuilt(id, "_v2") || is_rebuilt(id, ""); }

  /// A tensor without its name. @param where names it in messages.
  StoredTensor tensor(PickleId id, const std::string& where) const {
    if (is_parameter(id)) {
      const std::span<const PickleId> arguments = arguments_of(id, 3, where);
      id = arguments[0];
    }
    const bool newer = is_rebuilt(id, "_v2");
    if (!newer && !is_rebuilt(id, "")) {
      throw InputError(where, "a tensor", pickle_.describe(id), "in Python, save a state dict of plain tensors alone");
    }
    const std::span<const PickleId> arguments = arguments_of(id, newer ? 6 : 4, where);
    if (arguments.size() > 6 && !is_empty(arguments[6]))
      throw InputError(where, "a plain tensor", "one with metadata (conjugated or negated)",
                       "in Python, save a clone of it");

    StoredTensor tensor;
    std::tie(tensor.key, tensor.storage) = storage(arguments[0], where);
    tensor.offset = whole(arguments[1], where);
    tensor.sizes = sides(arguments[2], where);
    tensor.strides = sides(arguments[3], where);
    expect_extent(tensor, where);
    return tensor;
  }

  /// Storage of a persistent value: ('storage', type, key, device, elements[, view]).
  std::pair<std::string, TensorStorage> storage(PickleId id, const std::string& where) const {
    if (!is_storage(id)) throw InputError(where, "a storage", pickle_.describe(id), kDamagedPickle);
    const std::vector<PickleId>& parts = pickle_[pickle_[id].items[0]].items;
    if (parts.size() < 5 || pickle_[parts[2]].kind != Kind::text)
      throw InputError(where, "a storage with type, key and length", "one without", kDamagedPickle);
    if (parts.size() > 5 && pickle_[parts[5]].kind != Kind::none)
      throw InputError(where, "a whole storage", "a part of another", "save it again with PyTorch 1.6 or later");
    const auto known = std::find_if(kStorageTypes.begin(), kStorageTypes.end(), [&](const auto& row) {
      return pickle_[parts[1]].kind == Kind::global && pickle_[parts[1]].text == row.first;
    });
    if (known == kStorageTypes.end()) {
      throw InputError(where, "a storage of a known type such as torch.FloatStorage", pickle_.describe(parts[1]),
                       "in Python, convert the tensor to float");
    }
    const TensorStorage storage{known->second, whole(parts[4], where)};
    if (storage.elements > kMostElements)
      throw InputError(where, "a storage of possible length", std::to_string(storage.elements), kDamagedPickle);
    return {pickle_[parts[2]].text, storage};
  }

  bool is_storage(PickleId id) const {
    if (pickle_[id].kind != Kind::persistent) return false;
    const PickleValue& name = pickle_[pickle_[id].items[0]];
    return name.kind == Kind::tuple && !name.items.empty() && pickle_.is_text(name.items[0], "storage");
  }

 private:
  static constexpr std::int64_t kMostElements =
      std::numeric_limits<std::int64_t>::max() / 16;  // their bytes do not overflow

  bool is_parameter(PickleId id) const {
    return pickle_.is_call_of(id, "torch._utils._rebuild_parameter") ||
           pickle_.is_call_of(id, "torch._utils._rebuild_parameter_with_state");
  }
  bool is_rebuilt(PickleId id, const std::string& version) const {
    return pickle_.is_call_of(id, "torch._utils._rebuild_tensor" + version);
  }
  bool is_empty(PickleId id) const {
    const PickleValue& value = pickle_[id];
    return value.kind == Kind::none || (value.kind == Kind::dict && value.items.empty());
  }

  /// Arguments of a call, at least `count`.
  std::span<const PickleId> arguments_of(PickleId call, std::size_t count, const std::string& where) const {
    if (pickle_[call].altered) throw InputError(where, "an unchanged tensor", "one that the pickle changes", kDamagedPickle);
    const std::vector<PickleId>& arguments = pickle_[pickle_[call].items[1]].items;
    if (arguments.size() < count)
      throw InputError(where, std::to_string(count) + " arguments", std::to_string(arguments.size()), kDamagedPickle);
    return arguments;
  }

  std::int64_t whole(PickleId id, const std::string& where) const {
    if (pickle_[id].kind != Kind::integer || pickle_[id].integer < 0)
      throw InputError(where, "whole numbers >= 0", pickle_.describe(id), kDamagedPickle);
    return pickle_[id].integer;
  }
  /// A tuple of numbers, or a torch.Size.
  Sides sides(PickleId id, const std::string& where) const {
    if (pickle_.is_call_of(id, "torch.Size")) id = arguments_of(id, 1, where)[0];
    if (pickle_[id].kind != Kind::tuple) throw InputError(where, "a tuple of numbers", pickle_.describe(id), kDamagedPickle);
    const std::vector<PickleId>& items = pickle_[id].items;
    if (items.size() > kMostSides)
      throw InputError(where, "at most 64 dimensions", std::to_string(items.size()), kDamagedPickle);
    Sides sides;
    for (const PickleId item : items) sides.push_back(whole(item, where));
    return sides;
  }

  /// Counts the elements and checks that they are inside the storage.
  static void expect_extent(StoredTensor& tensor, const std::string& where) {
    if (tensor.sizes.size() != tensor.strides.size())
      throw InputError(where, std::to_string(tensor.sizes.size()) + " strides", std::to_string(tensor.strides.size()),
                       kDamagedPickle);
    std::int64_t elements = 1;
    std::int64_t last = tensor.offset;
    bool empty = false;
    bool possible = true;
    for (std::size_t i = 0; i < tensor.sizes.size(); ++i) {
      const std::int64_t steps = std::max<std::int64_t>(tensor.sizes[i] - 1, 0);
      std::int64_t distance = 0;
      possible = possible && !__builtin_mul_overflow(elements, steps + 1, &elements) && elements <= kMostElements;
      if (steps == 0) tensor.strides[i] = 1;
      empty = empty || tensor.sizes[i] == 0;
      possible = possible && !__builtin_mul_overflow(steps, tensor.strides[i], &distance) &&
                 !__builtin_add_overflow(last, distance, &last);
    }
    if (!possible || (!empty && last >= tensor.storage.elements)) {
      throw InputError(where, "values within its storage of " + std::to_string(tensor.storage.elements),
                       "sizes, strides and an offset that reach beyond it", kDamagedPickle);
    }
    tensor.elements = empty ? 0 : elements;
  }

  const Pickle& pickle_;
};

/// Search for the state dict among the dicts of a checkpoint.
class StateDictSearch {
 public:
  struct Found {
    PickleId dict = 0;
    std::string where;
  };

  StateDictSearch(const Pickle& pickle, const TensorPickle& tensors) : pickle_(pickle), tensors_(tensors) {}

  /// @param depth of `dict` below the pickled value; it and the set of visited dicts stop cycles.
  std::optional<Found> search(PickleId dict, const std::string& where, int depth = 0) {
    if (pickle_[dict].kind != Kind::dict || depth > kDeepestNesting || !seen_.insert(dict).second) return std::nullopt;
    for (const char* key : kStateDictKeys) {
      const std::optional<PickleId> value = pickle_.find(dict, key);
      if (!value) continue;
      if (auto found = search(*value, where + ": " + key, depth + 1)) return found;
    }
    const std::vector<PickleId>& items = pickle_[dict].items;
    for (std::size_t i = 1; i < items.size(); i += 2) {
      if (tensors_.is_tensor(items[i])) return Found{dict, where};
    }
    return std::nullopt;
  }

 private:
  const Pickle& pickle_;
  const TensorPickle& tensors_;
  std::set<PickleId> seen_;
};

[[noreturn]] void fail_without_state_dict(const Pickle& pickle, const std::string& where) {
  constexpr std::size_t kMostShown = 8;
  std::string got = pickle.describe(pickle.root());
  const PickleValue& root = pickle[pickle.root()];
  if (root.kind == Kind::dict) {
    got += root.items.empty() ? " without items" : " of ";
    for (std::size_t i = 0; i < std::min(root.items.size(), 2 * kMostShown); i += 2) {
      const PickleValue& key = pickle[root.items[i]];
      const std::string name = key.kind == Kind::text ? quoted(key.text.substr(0, 100)) : pickle.describe(root.items[i]);
      got += (i > 0 ? ", " : "") + name + " (" + pickle.describe(root.items[i + 1]) + ")";
    }
    if (root.items.size() > 2 * kMostShown) got += ", ...";
  }
  std::string keys;
  for (const char* key : kStateDictKeys) keys += (keys.empty() ? "" : ", ") + std::string(key);
  throw InputError(where, "a dict of tensors, itself or under one of " + keys, got, kSaveStateDict);
}

void refuse_program_starters(const Pickle& pickle, const std::string& where) {
  for (const PickleValue& value : pickle.values()) {
    if (value.kind != Kind::global) continue;
    constexpr std::string_view kPython2 = "__builtin__.";
    const bool old = value.text.starts_with(kPython2);
    const std::string name = (old ? "builtins." + value.text.substr(kPython2.size()) : value.text) + ".";
    const bool refused = std::any_of(kProgramStarters.begin(), kProgramStarters.end(),
                                     [&](const char* starter) { return name.starts_with(std::string(starter) + "."); });
    if (refused) {
      throw InputError(where, "tensors", "a call of " + value.text,
                       "Python would execute it when loading the file, fovea did not: delete the file");
    }
  }
}

}  // namespace

std::vector<StoredTensor> find_state_dict(const Pickle& pickle, const std::string& where) {
  refuse_program_starters(pickle, where);
  const TensorPickle reader(pickle);
  const auto found = StateDictSearch(pickle, reader).search(pickle.root(), where);
  if (!found) fail_without_state_dict(pickle, where);

  std::vector<StoredTensor> tensors;
  std::set<std::string> names;
  std::map<std::string, TensorStorage> storages;
  const std::vector<PickleId>& items = pickle[found->dict].items;
  if (items.size() / 2 > kMostTensors) {
    throw InputError(found->where, "at most " + std::to_string(kMostTensors) + " tensors", std::to_string(items.size() / 2),
                     kSaveStateDict);
  }
  for (std::size_t i = 0; i < items.size(); i += 2) {
    const PickleValue& key = pickle[items[i]];
    if (key.kind != Kind::text || displayable_utf8(key.text) != key.text)
      throw InputError(found->where, "readable names", pickle.describe(items[i]), kSaveStateDict);
    if (!names.insert(key.text).second)
      throw InputError(found->where, "every name once", quoted(key.text) + " twice", kDamagedPickle);
    if (pickle[items[i + 1]].kind == Kind::none) continue;  // extra state of a module without any

    const std::string here = found->where + ": " + quoted(key.text);
    StoredTensor tensor = reader.tensor(items[i + 1], here);
    tensor.name = key.text;
    if (storages.try_emplace(tensor.key, tensor.storage).first->second != tensor.storage)
      throw InputError(here, "one type and length of a storage", "another than before", kDamagedPickle);
    tensors.push_back(std::move(tensor));
  }
  return tensors;
}

std::map<std::string, TensorStorage> find_storages(const Pickle& pickle, const std::string& where) {
  const TensorPickle reader(pickle);
  std::map<std::string, TensorStorage> storages;
  for (PickleId id = 0; id < pickle.values().size(); ++id) {
    if (!reader.is_storage(id)) continue;
    const auto [key, storage] = reader.storage(id, where);
    if (storages.try_emplace(key, storage).first->second != storage)
      throw InputError(where, "one type and length of storage " + quoted(key), "two", kDamagedPickle);
  }
  return storages;
}

}  // namespace fovea
