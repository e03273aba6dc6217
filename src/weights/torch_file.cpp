#include <algorithm>
#include <array>
#include <cctype>
#include <cstring>
#include <functional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include <fovea/base/byte_order.h>
#include <fovea/base/error.h>
#include <fovea/weights/internal/damage_advice.h>
#include <fovea/weights/internal/open_file.h>
#include <fovea/weights/internal/pickle.h>
#include <fovea/weights/internal/stored_tensors.h>
#include <fovea/weights/internal/zip_archive.h>
#include <fovea/weights/torch_file.h>

namespace fovea {
namespace {

using FileBytes = std::span<const std::uint8_t>;

constexpr const char* kTorchFile = "a file of torch.save";
constexpr const char* kZipMagic = "PK\x03\x04";
constexpr std::uint8_t kPickleMagic = 0x80;
/// Magic number of torch.save's format before PyTorch 1.6, 0x1950a86a20f9469cfc6c, lowest byte first.
constexpr std::string_view kLegacyMagic = "\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19";
constexpr std::int64_t kLegacyProtocol = 1001;
constexpr std::size_t kLengthFieldBytes = sizeof(std::uint64_t);

/// Limit of memory over file size: compressed zeros, expanded views and tensors with several names need more memory than the
/// file; beyond this factor the file is rejected.
constexpr std::uint64_t kMostMemoryPerByte = 16;
constexpr std::uint64_t kAlwaysAllowedMemory = std::uint64_t{64} << 20;

constexpr std::size_t kMostFormatBytes = 4096;  ///< that tell what a file is

struct ExternalFormat {
  std::size_t offset;
  std::string_view magic;
  const char* name;
  const char* advice;
};

constexpr const char* kUnpackFirst = "unpack it first";
constexpr std::array<ExternalFormat, 6> kExternalFormats{
    {{0, "version https://git-lfs", "a Git LFS pointer", "get the file itself with git lfs pull"},
     {0, "\x89HDF", "an HDF5 file", "convert it with the program that wrote it"},
     {0, "\x1f\x8b", "a gzip file", kUnpackFirst},
     {0, "BZh", "a bzip2 file", kUnpackFirst},
     {0,
      "\xfd"
      "7zXZ",
      "an xz file", kUnpackFirst},
     {257, "ustar", "a tar archive", kUnpackFirst}}};

std::string_view text_of(FileBytes bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// @param start the first bytes of the file.
[[noreturn]] void refuse_external_file(FileBytes start, std::size_t file_bytes, const std::string& path) {
  const std::string_view text = text_of(start);
  if (text.empty()) throw InputError(path, kTorchFile, "an empty file", "download it again");
  for (const ExternalFormat& format : kExternalFormats) {
    if (text.size() > format.offset && text.substr(format.offset).starts_with(format.magic))
      throw InputError(path, kTorchFile, format.name, format.advice);
  }
  if (text.size() > 8 && text[8] == '{' && load_little_endian<std::uint64_t>(start) <= file_bytes - 8)
    throw InputError(path, kTorchFile, "a safetensors file", "rename it to end with .safetensors");
  const auto letter =
      std::find_if(text.begin(), text.end(), [](char each) { return std::isspace(static_cast<unsigned char>(each)) == 0; });
  if (letter != text.end() && *letter == '<')
    throw InputError(path, kTorchFile, "a web page", "the download failed: open the address in a browser to see why");
  throw InputError(path, kTorchFile, "another format", "in Python, torch.save(model.state_dict(), ...)");
}

/// Memory budget of a file, checked before each allocation.
class MemoryLimit {
 public:
  MemoryLimit(std::size_t file_bytes, std::string path)
      : limit_(kMostMemoryPerByte * file_bytes + kAlwaysAllowedMemory), left_(limit_), path_(std::move(path)) {}

  void claim(std::uint64_t bytes, const std::string& what) {
    if (bytes > left_) {
      throw InputError(
          path_ + ": " + what, "contents of at most " + std::to_string(limit_) + " bytes for a file of this size",
          std::to_string(bytes) + " bytes in addition to " + std::to_string(limit_ - left_), "do not trust this file");
    }
    left_ -= bytes;
  }

 private:
  std::uint64_t limit_;
  std::uint64_t left_;
  std::string path_;
};

/// Fills the memory of a storage after a check of its size.
using StorageReader = std::function<void(const std::string& key, std::span<std::uint8_t> to)>;

torch::Tensor load_storage(const std::string& key, const TensorStorage& storage, const StorageReader& read) {
  // Bools may have any byte value in a file, which is undefined behaviour when read as bool, but not as an integer.
  const bool bools = storage.type == torch::kBool;
  auto values = torch::empty({storage.elements}, bools ? torch::kUInt8 : storage.type);
  read(key, {static_cast<std::uint8_t*>(values.data_ptr()), values.nbytes()});
  return bools ? values.ne(0) : values;
}

NamedTensors load_tensors(const std::vector<StoredTensor>& stored, MemoryLimit& memory, const StorageReader& read) {
  std::map<std::string, std::vector<const StoredTensor*>> users;
  for (const StoredTensor& tensor : stored) {
    memory.claim(tensor.bytes(), "'" + tensor.name + "'");
    users[tensor.key].push_back(&tensor);
  }
  for (const auto& [key, tensors] : users) memory.claim(tensors.front()->storage.bytes(), "storage '" + key + "'");

  NamedTensors loaded;
  for (const auto& [key, tensors] : users) {
    const auto values = load_storage(key, tensors.front()->storage, read);
    for (const StoredTensor* tensor : tensors) {
      if (tensor->elements == 0) {
        loaded.emplace(tensor->name, torch::empty(tensor->sizes, tensor->storage.type));
        continue;
      }
      const auto view = values.as_strided(tensor->sizes, tensor->strides, tensor->offset);
      const bool alone = tensors.size() == 1 && tensor->elements == tensor->storage.elements && view.is_contiguous();
      loaded.emplace(tensor->name, alone ? view : view.clone(torch::MemoryFormat::Contiguous));
    }
  }
  return loaded;
}

/// Directory of `data.pkl` in the archive, with its slash.
std::string archive_root(const ZipArchive& archive, const std::string& path) {
  constexpr std::string_view kPickle = "data.pkl";
  std::vector<std::string> roots;
  bool arrays = false;
  for (const auto& [name, entry] : archive.entries()) {
    arrays = arrays || name.ends_with(".npy");
    if (name != kPickle && !name.ends_with("/" + std::string(kPickle))) continue;
    roots.push_back(name.substr(0, name.size() - kPickle.size()));
  }
  if (roots.empty()) {
    throw InputError(path, kTorchFile, arrays ? "a NumPy archive" : "a zip archive without data.pkl",
                     arrays ? "in Python, torch.save its arrays as tensors" : "if the file is inside it, unpack it first");
  }
  if (roots.size() > 1)
    throw InputError(path, "one data.pkl", std::to_string(roots.size()), "in Python, load it and save the state dict alone");
  for (const auto& [name, entry] : archive.entries()) {
    if (!name.starts_with(roots[0] + "code/") && name != roots[0] + "constants.pkl") continue;
    throw InputError(path, kTorchFile, "a TorchScript program",
                     "in Python, torch.save(torch.jit.load(path).state_dict(), ...)");
  }
  return roots[0];
}

std::vector<std::uint8_t> unpacked(const ZipArchive& archive, const std::string& name, MemoryLimit& memory) {
  const std::uint64_t size = archive.entries().at(name).size;
  memory.claim(size, name);
  std::vector<std::uint8_t> bytes(static_cast<std::size_t>(size));
  archive.read(name, bytes);
  return bytes;
}

/// The tensors that `stored` describes, and the rest of it.
TorchFile loaded(StoredStateDict& stored, MemoryLimit& memory, const StorageReader& read) {
  return {load_tensors(stored.tensors, memory, read), std::move(stored.key), std::move(stored.other_keys),
          std::move(stored.skipped)};
}

TorchFile read_zip(const OpenFile& file, const std::string& key) {
  const std::string& path = file.path();
  const ZipArchive archive(file);
  MemoryLimit memory(file.size(), path);
  const std::string root = archive_root(archive, path);
  const std::string byte_order = root + "byteorder";
  if (archive.contains(byte_order)) {
    if (const auto order = unpacked(archive, byte_order, memory); text_of(order) != "little") {
      throw InputError(path + ": " + byte_order, "little-endian numbers", std::string(text_of(order)),
                       "in Python, load it and save it on a little-endian machine");
    }
  }
  const auto pickled = unpacked(archive, root + "data.pkl", memory);
  const std::string where = path + ": " + root + "data.pkl";
  const Pickle pickle(pickled, where);
  if (pickle.bytes_read() != pickled.size()) {
    throw InputError(where, "a pickle of " + std::to_string(pickled.size()) + " bytes",
                     std::to_string(pickle.bytes_read()) + " and further bytes", kDamagedArchive);
  }
  StoredStateDict stored = find_state_dict(pickle, key, where);

  const auto name_of = [&](const std::string& storage) { return root + "data/" + storage; };
  for (const StoredTensor& tensor : stored.tensors) {  // before one is loaded
    const std::string name = name_of(tensor.key);
    const auto found = archive.entries().find(name);
    const std::uint64_t size = found == archive.entries().end() ? 0 : found->second.size;
    if (size != tensor.storage.bytes()) {
      throw InputError(path + ": " + name, std::to_string(tensor.storage.bytes()) + " bytes for '" + tensor.name + "'",
                       found == archive.entries().end() ? "no such entry" : std::to_string(size), kDamagedArchive);
    }
  }
  return loaded(stored, memory, [&](const std::string& storage, std::span<std::uint8_t> to) {
    if (!to.empty()) archive.read(name_of(storage), to);
  });
}

/// The format before PyTorch 1.6: five pickles one after another, then each storage as its length and its values.
class LegacyFile {
 public:
  LegacyFile(std::vector<std::uint8_t> contents, const std::string& path)
      : contents_(std::move(contents)), bytes_(contents_), path_(path) {}

  TorchFile read(const std::string& key) {
    expect_version();
    const Pickle pickle = next_pickle();
    StoredStateDict stored = find_state_dict(pickle, key, path_);
    find_data(find_storages(pickle, path_));
    for (const StoredTensor& tensor : stored.tensors) {
      if (!data_.contains(tensor.key))
        throw InputError(path_, "a storage for '" + tensor.name + "'", "none", kDamagedArchive);
    }
    MemoryLimit memory(bytes_.size(), path_);
    return loaded(stored, memory, [&](const std::string& storage, std::span<std::uint8_t> to) {
      if (!to.empty()) std::memcpy(to.data(), data_.at(storage), to.size());
    });
  }

 private:
  Pickle next_pickle() {
    Pickle pickle(bytes_.subspan(position_), path_, position_);
    position_ += pickle.bytes_read();
    return pickle;
  }

  void expect_version() {
    const Pickle magic = next_pickle();
    const PickleValue& number = magic[magic.root()];
    if (number.kind != PickleValue::Kind::long_integer || number.text != kLegacyMagic)
      throw InputError(path_, kTorchFile, "another program's pickle of " + magic.describe(magic.root()),
                       "in Python, torch.save(model.state_dict(), ...)");
    const Pickle version = next_pickle();
    if (version[version.root()].kind != PickleValue::Kind::integer || version[version.root()].integer != kLegacyProtocol)
      throw InputError(path_, "version 1001 of the format", version.describe(version.root()), "save it again with PyTorch");
    const Pickle system = next_pickle();
    const auto little = system.find(system.root(), "little_endian");
    if (!little || system[*little].kind != PickleValue::Kind::boolean || system[*little].integer == 0) {
      throw InputError(path_, "little-endian numbers", little ? system.describe(*little) : "none named",
                       "in Python, load it and save it on a little-endian machine");
    }
  }

  /// Finds the offset of the values of each storage.
  void find_data(const std::map<std::string, TensorStorage>& storages) {
    const Pickle keys = next_pickle();
    if (keys[keys.root()].kind != PickleValue::Kind::list)
      throw InputError(path_, "a list of storages", keys.describe(keys.root()), kDamagedArchive);
    for (const PickleId id : keys[keys.root()].items) {
      const std::string& key = keys[id].text;
      const auto known = storages.find(key);
      const std::string here = path_ + ": offset " + std::to_string(position_);
      if (known == storages.end()) throw InputError(here, "a storage of the pickle", keys.describe(id), kDamagedArchive);
      const std::size_t left = bytes_.size() - position_;
      if (left < kLengthFieldBytes)
        throw InputError(here, "the length of a storage", "the end of the file", kDamagedArchive);
      const auto elements = load_little_endian<std::uint64_t>(bytes_.subspan(position_));
      const std::uint64_t size = known->second.bytes();
      if (elements != static_cast<std::uint64_t>(known->second.elements)) {
        throw InputError(here, "a storage of " + std::to_string(known->second.elements) + " values",
                         std::to_string(elements), kDamagedArchive);
      }
      if (size > left - kLengthFieldBytes) {
        throw InputError(here, std::to_string(size) + " bytes of values", std::to_string(left - kLengthFieldBytes),
                         kDamagedArchive);
      }
      if (!data_.emplace(key, bytes_.data() + position_ + kLengthFieldBytes).second)
        throw InputError(here, "every storage once", "'" + key + "' twice", kDamagedArchive);
      position_ += kLengthFieldBytes + static_cast<std::size_t>(size);
    }
    if (position_ != bytes_.size()) {
      throw InputError(path_ + ": offset " + std::to_string(position_), "the end of the file",
                       std::to_string(bytes_.size() - position_) + " bytes more", kDamagedArchive);
    }
  }

  const std::vector<std::uint8_t> contents_;
  FileBytes bytes_;
  const std::string& path_;
  std::size_t position_ = 0;
  std::map<std::string, const std::uint8_t*> data_;  ///< where the values of the storages begin
};

}  // namespace

TorchFile read_torch_file(const std::string& path, const std::string& key) {
  const OpenFile file(path, kTorchFile);
  const auto start = file.bytes(0, kMostFormatBytes);
  if (text_of(start).starts_with(kZipMagic)) return read_zip(file, key);
  if (!start.empty() && start[0] == kPickleMagic) return LegacyFile(file.bytes(0, file.size()), path).read(key);
  refuse_external_file(start, file.size(), path);
}

}  // namespace fovea
