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

/// Calls and storages of tensors that are not plain, by the beginnings of their names.
struct OtherTensorKind {
  const char* global;
  const char* name;
  const char* advice;
};
constexpr const char* kDequantise = "in Python, save the state dict of the network before quantisation";
constexpr std::array<OtherTensorKind, 8> kOtherTensorKinds{{
    {"torch._utils._rebuild_qtensor", "a quantised tensor", kDequantise},
    {"torch.QInt", "a quantised tensor", kDequantise},
    {"torch.QUInt", "a quantised tensor", kDequantise},
    {"torch._utils._rebuild_sparse", "a sparse tensor", "in Python, save tensor.to_dense()"},
    {"torch._utils._rebuild_nested_tensor", "a nested tensor", "in Python, save plain tensors"},
    {"torch._utils._rebuild_meta_tensor", "a tensor without values (of the device meta)",
     "in Python, load its weights first"},
    {"numpy.core.multiarray._reconstruct", "an array of NumPy", "in Python, save torch.from_numpy(array)"},
    {"numpy._core.multiarray._reconstruct", "an array of NumPy", "in Python, save torch.from_numpy(array)"},
}};

/// The kind of tensor that a global stands for; nullptr for any other global.
const OtherTensorKind* other_tensor_kind(const std::string& global) {
  const auto known = std::find_if(kOtherTensorKinds.begin(), kOtherTensorKinds.end(),
                                  [&](const OtherTensorKind& kind) { return global.starts_with(kind.global); });
  return known == kOtherTensorKinds.end() ? nullptr : known;
}

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

  /// True for a value that has no tensor in it: numbers, texts, collections, objects of other libraries.
  bool is_no_tensor(PickleId id) const {
    if (is_tensor(id) || pickle_[id].kind == Kind::persistent) return false;
    if (pickle_[id].kind != Kind::call) return true;
    const PickleValue& callee = pickle_[pickle_[id].items[0]];
    return callee.kind == Kind::global && (!callee.text.starts_with("torch.") || callee.text == "torch.Size") &&
           other_tensor_kind(callee.text) == nullptr;
  }

  /// @throws InputError when the value is a tensor of a kind that is not plain, or a tuple with one.
  void refuse_other_kinds(PickleId id, const std::string& where, int depth = 0) const {
    const PickleValue& value = pickle_[id];
    constexpr std::size_t kMostItems = 8;  // a few, as a small pickle can nest one tuple in itself many times
    if (value.kind == Kind::tuple && depth < 2) {
      for (std::size_t i = 0; i < std::min(value.items.size(), kMostItems); ++i)
        refuse_other_kinds(value.items[i], where, depth + 1);
    }
    if (value.kind != Kind::call) return;
    const PickleValue& callee = pickle_[value.items[0]];
    const OtherTensorKind* kind = callee.kind == Kind::global ? other_tensor_kind(callee.text) : nullptr;
    if (kind != nullptr) throw InputError(where, "a plain tensor", kind->name, kind->advice);
  }

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
      const OtherTensorKind* kind = other_tensor_kind(pickle_[parts[1]].text);
      if (kind != nullptr) throw InputError(where, "a plain tensor", kind->name, kind->advice);
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

std::string joined_keys(const std::string& path, const std::string& key) {
  return path.empty() ? key : path + "." + key;
}

/// Search for state dicts among the dicts of a checkpoint.
class StateDictSearch {
 public:
  struct Found {
    PickleId dict = 0;
    std::string key;  ///< its path
  };

  StateDictSearch(const Pickle& pickle, const TensorPickle& tensors) : pickle_(pickle), tensors_(tensors) {}

  /// The state dict in or below `dict`. @param key path of `dict`. @param depth of `dict` below the first one; it and the
  /// set of visited dicts stop cycles.
  std::optional<Found> search(PickleId dict, const std::string& key = "", int depth = 0) {
    if (pickle_[dict].kind != Kind::dict || depth > kDeepestNesting || !seen_.insert(dict).second) return std::nullopt;
    for (const char* known : kStateDictKeys) {
      const std::optional<PickleId> value = pickle_.find(dict, known);
      if (!value) continue;
      if (auto found = search(*value, joined_keys(key, known), depth + 1)) return found;
    }
    if (has_tensors(dict)) return Found{dict, key};
    return std::nullopt;
  }

  /// The value at a path, whose keys may have dots of their own.
  std::optional<PickleId> value_at(PickleId dict, std::string_view path, int depth = 0) const {
    if (depth > kDeepestNesting) return std::nullopt;
    for (std::size_t end = path.size(); end != std::string_view::npos && end > 0; end = path.rfind('.', end - 1)) {
      const std::optional<PickleId> value = pickle_.find(dict, path.substr(0, end));
      if (!value) continue;
      if (end == path.size()) return value;
      if (auto found = value_at(*value, path.substr(end + 1), depth + 1)) return found;
    }
    return std::nullopt;
  }

  /// Paths of all dicts with tensors of a name, in or below `dict`.
  std::vector<Found> all(PickleId dict) const {
    std::vector<Found> found;
    std::set<PickleId> seen;
    collect(dict, "", 0, seen, found);
    return found;
  }

 private:
  static constexpr std::size_t kMostFound = 16;

  bool has_tensors(PickleId dict) const {
    const std::vector<PickleId>& items = pickle_[dict].items;
    for (std::size_t i = 1; i < items.size(); i += 2) {
      if (tensors_.is_tensor(items[i])) return true;
    }
    return false;
  }

  void collect(PickleId dict, const std::string& key, int depth, std::set<PickleId>& seen, std::vector<Found>& found) const {
    if (pickle_[dict].kind != Kind::dict || depth > kDeepestNesting || !seen.insert(dict).second) return;
    const std::vector<PickleId>& items = pickle_[dict].items;
    if (has_tensors(dict)) found.push_back({dict, key});
    for (std::size_t i = 0; i < items.size() && found.size() < kMostFound; i += 2) {
      if (pickle_[items[i]].kind != Kind::text) continue;  // as in an optimiser's state, numbered by parameter
      collect(items[i + 1], joined_keys(key, pickle_[items[i]].text), depth + 1, seen, found);
    }
  }

  const Pickle& pickle_;
  const TensorPickle& tensors_;
  std::set<PickleId> seen_;
};

/// "student or teacher".
std::string any_of_keys(const std::vector<StateDictSearch::Found>& found) {
  std::string text;
  for (std::size_t i = 0; i < found.size(); ++i)
    text += (i == 0 ? "" : i + 1 == found.size() ? " or " : ", ") + found[i].key;
  return text;
}

[[noreturn]] void fail_without_state_dict(const Pickle& pickle, const std::vector<StateDictSearch::Found>& others,
                                          const std::string& where) {
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
  throw InputError(where, "a dict of tensors, itself or under one of " + keys, got,
                   others.empty() ? kSaveStateDict : "choose a dict of tensors by its key: " + any_of_keys(others));
}

/// The state dict that is to be read: at the key, or the first of the usual ones.
StateDictSearch::Found chosen_state_dict(const Pickle& pickle, const TensorPickle& reader, const std::string& key,
                                         const std::string& where) {
  StateDictSearch search(pickle, reader);
  if (key.empty()) {
    if (auto found = search.search(pickle.root())) return *found;
    fail_without_state_dict(pickle, search.all(pickle.root()), where);
  }
  const std::optional<PickleId> value = search.value_at(pickle.root(), key);
  if (value) {
    if (auto found = search.search(*value, key)) return *found;
  }
  std::vector<StateDictSearch::Found> others = search.all(pickle.root());
  std::erase_if(others, [](const auto& other) { return other.key.empty(); });
  throw InputError(where, "a dict of tensors at the key '" + key + "'", value ? pickle.describe(*value) : "no such key",
                   others.empty() ? "the file has no nested dicts of tensors: read it without a key"
                                  : "it has dicts of tensors at " + any_of_keys(others));
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

/// Reads the items of a state dict: tensors, and values that are skipped.
void read_items(const Pickle& pickle, const std::vector<PickleId>& items, const std::string& where,
                StoredStateDict& stored) {
  const TensorPickle reader(pickle);
  std::set<std::string> names;
  std::map<std::string, TensorStorage> storages;
  for (std::size_t i = 0; i < items.size(); i += 2) {
    const PickleValue& key = pickle[items[i]];
    const PickleId value = items[i + 1];
    if (pickle[value].kind == Kind::none) continue;  // extra state of a module without any
    const std::string name = key.kind == Kind::text ? key.text : pickle.describe(items[i]);
    const std::string here = where + ": " + quoted(name);
    reader.refuse_other_kinds(value, here);
    if (reader.is_no_tensor(value)) {
      stored.skipped.push_back(name + " (" + pickle.describe(value) + ")");
      continue;
    }
    if (key.kind != Kind::text || displayable_utf8(key.text) != key.text)
      throw InputError(where, "readable names", pickle.describe(items[i]), kSaveStateDict);
    if (!names.insert(name).second) throw InputError(where, "every name once", quoted(name) + " twice", kDamagedPickle);
    StoredTensor tensor = reader.tensor(value, here);
    tensor.name = name;
    if (storages.try_emplace(tensor.key, tensor.storage).first->second != tensor.storage)
      throw InputError(here, "one type and length of a storage", "another than before", kDamagedPickle);
    stored.tensors.push_back(std::move(tensor));
  }
}

}  // namespace

StoredStateDict find_state_dict(const Pickle& pickle, const std::string& key, const std::string& where) {
  refuse_program_starters(pickle, where);
  const TensorPickle reader(pickle);
  const StateDictSearch::Found found = chosen_state_dict(pickle, reader, key, where);
  StoredStateDict stored;
  stored.key = found.key;
  for (const auto& other : StateDictSearch(pickle, reader).all(pickle.root())) {
    if (other.dict != found.dict && !other.key.empty()) stored.other_keys.push_back(other.key);
  }
  const std::string place = where + (found.key.empty() ? "" : ": " + found.key);
  const std::vector<PickleId>& items = pickle[found.dict].items;
  if (items.size() / 2 > kMostTensors) {
    throw InputError(place, "at most " + std::to_string(kMostTensors) + " tensors", std::to_string(items.size() / 2),
                     kSaveStateDict);
  }
  read_items(pickle, items, place, stored);
  return stored;
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
