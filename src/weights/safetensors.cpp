#include <algorithm>
#include <array>
#include <limits>
#include <memory>
#include <set>
#include <span>

#include <nlohmann/json.hpp>

#include <fovea/base/byte_order.h>
#include <fovea/base/error.h>
#include <fovea/base/file.h>
#include <fovea/weights/internal/content_checksum.h>
#include <fovea/weights/internal/open_file.h>
#include <fovea/weights/safetensors.h>

namespace fovea {
namespace {

constexpr std::size_t kLengthBytes = sizeof(std::uint64_t);
constexpr std::uint64_t kMaximumHeader = 100'000'000;  // the format's own limit
constexpr std::size_t kMostNames = 1 << 14;            // ten times what large networks have
constexpr const char* kMetadataKey = "__metadata__";
constexpr const char* kDamaged = "the file is damaged or not safetensors";

constexpr std::array<std::pair<const char*, torch::ScalarType>, 10> kTypes{{{"F64", torch::kFloat64},
                                                                            {"F32", torch::kFloat32},
                                                                            {"F16", torch::kFloat16},
                                                                            {"BF16", torch::kBFloat16},
                                                                            {"I64", torch::kInt64},
                                                                            {"I32", torch::kInt32},
                                                                            {"I16", torch::kInt16},
                                                                            {"I8", torch::kInt8},
                                                                            {"U8", torch::kUInt8},
                                                                            {"BOOL", torch::kBool}}};

const char* type_name(torch::ScalarType type) {
  for (const auto& [name, candidate] : kTypes) {
    if (candidate == type) return name;
  }
  throw Error(std::string("safetensors: no name for tensors of type ") + c10::toString(type));
}

/// JSON parser callback that rejects duplicate keys of an object, which the parser accepts, and what would take far more
/// memory than a header of this many tensors.
class HeaderCheck {
 public:
  explicit HeaderCheck(std::string path) : where_(std::move(path) + ": header") {}

  bool operator()(int depth, nlohmann::json::parse_event_t event, nlohmann::json& parsed) {
    using Event = nlohmann::json::parse_event_t;
    if (depth > 4) throw InputError(where_, "at most four levels of JSON", "deeper nesting", kDamaged);
    if (event == Event::object_start) keys_.emplace_back();
    if (event == Event::object_end) keys_.pop_back();
    if (event == Event::key) add_key(parsed.get<std::string>());
    const bool is_value = event == Event::value || event == Event::array_start || event == Event::object_start;
    if (is_value && ++elements_ > kMostElements) {
      throw InputError(where_, "lists of at most " + std::to_string(kMostElements) + " numbers", "a longer one", kDamaged);
    }
    return true;
  }

 private:
  static constexpr std::size_t kMostElements = 1024;
  static constexpr std::size_t kMostKeys = 8 * kMostNames;  // a tensor has four: its name, dtype, shape, data_offsets

  void add_key(const std::string& key) {
    elements_ = 0;
    auto& known = keys_.back();
    if (known.size() == kMostNames || ++all_keys_ > kMostKeys) {
      throw InputError(where_, "at most " + std::to_string(kMostNames) + " tensors", "more", kDamaged);
    }
    if (!known.insert(key).second) throw InputError(where_, "every name once", "'" + key + "' twice", kDamaged);
  }

  std::string where_;
  std::vector<std::set<std::string>> keys_;
  std::size_t all_keys_ = 0;
  std::size_t elements_ = 0;  ///< values since the last key
};

/// Size of a tensor in bytes; the largest number when it overflows. The other sides of an empty tensor must not overflow.
std::uint64_t checked_bytes(const std::vector<std::int64_t>& shape, std::uint64_t element_size) {
  constexpr std::uint64_t kAbsurd = std::numeric_limits<std::uint64_t>::max();
  std::uint64_t bytes = element_size;
  bool empty = false;
  for (const std::int64_t side : shape) {
    if (side < 0 || __builtin_mul_overflow(bytes, static_cast<std::uint64_t>(std::max<std::int64_t>(side, 1)), &bytes))
      return kAbsurd;
    empty = empty || side == 0;
  }
  if (bytes > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) return kAbsurd;
  return empty ? 0 : bytes;
}

const nlohmann::json& header_member(const nlohmann::json& object, const char* key, const std::string& where) {
  if (!object.is_object() || !object.contains(key))
    throw InputError(where, std::string("the key '") + key + "'", "none", kDamaged);
  return object.at(key);
}

std::uint64_t whole_number(const nlohmann::json& number, const std::string& where) {
  if (!number.is_number_unsigned()) throw InputError(where, "whole numbers >= 0", number.dump(), kDamaged);
  return number.get<std::uint64_t>();
}

}  // namespace

SafetensorsFile::SafetensorsFile(const std::string& path) : path_(path) {
  file_ = std::make_shared<const OpenFile>(path, "a safetensors file");
  const std::size_t bytes = file_->size();
  if (bytes < kLengthBytes) {
    throw InputError(path, "a safetensors file of at least 8 bytes", std::to_string(bytes) + " bytes", kDamaged);
  }
  const auto header_bytes = load_little_endian<std::uint64_t>(file_->bytes(0, kLengthBytes));
  const std::uint64_t available = std::min<std::uint64_t>(bytes - kLengthBytes, kMaximumHeader);
  if (header_bytes < 2 || header_bytes > available) {
    throw InputError(path + ": offset 0", "a header length from 2 to " + std::to_string(available),
                     std::to_string(header_bytes), kDamaged);
  }
  data_begin_ = kLengthBytes + static_cast<std::size_t>(header_bytes);
  data_bytes_ = static_cast<std::int64_t>(bytes - data_begin_);
  const auto header = file_->bytes(kLengthBytes, static_cast<std::size_t>(header_bytes));
  read_header(std::string(header.begin(), header.end()), bytes - data_begin_);
  expect_coverage(bytes - data_begin_);
  expect_checksum();
}

void SafetensorsFile::read_header(const std::string& header, std::size_t data_bytes) {
  const std::string where = path_ + ": header";
  nlohmann::json document;
  try {
    document = nlohmann::json::parse(header, HeaderCheck(path_));
  } catch (const nlohmann::json::parse_error& error) {
    throw InputError(path_ + ": offset " + std::to_string(kLengthBytes + std::max<std::size_t>(error.byte, 1) - 1),
                     "valid JSON in the header", "other text", kDamaged);
  } catch (const nlohmann::json::exception&) {
    throw InputError(where, "valid JSON", "a number beyond any range", kDamaged);
  }
  if (!document.is_object()) throw InputError(where, "a JSON object", document.type_name(), kDamaged);

  for (const auto& [name, value] : document.items()) {
    const std::string here = where + ": '" + name + "'";
    if (name == kMetadataKey) {
      read_metadata(value, here);
    } else {
      entries_.emplace(name, read_entry(value, here, data_bytes));
    }
  }
}

void SafetensorsFile::read_metadata(const nlohmann::json& metadata, const std::string& where) {
  if (!metadata.is_object()) throw InputError(where, "a JSON object", metadata.type_name(), kDamaged);
  for (const auto& [key, text] : metadata.items()) {
    if (!text.is_string()) throw InputError(where + ": " + key, "text", text.type_name(), kDamaged);
    metadata_[key] = text.get<std::string>();
  }
}

SafetensorsFile::Entry SafetensorsFile::read_entry(const nlohmann::json& tensor, const std::string& where,
                                                   std::size_t data_bytes) {
  const nlohmann::json& type = header_member(tensor, "dtype", where);
  const auto known = std::find_if(kTypes.begin(), kTypes.end(), [&](const auto& row) { return type == row.first; });
  if (known == kTypes.end()) throw InputError(where, "a known dtype such as F32", type.dump(), "convert the file");

  Entry entry{known->second, {}, 0, 0};
  const nlohmann::json& shape = header_member(tensor, "shape", where);
  if (!shape.is_array()) throw InputError(where, "a shape", shape.dump(), kDamaged);
  for (const nlohmann::json& side : shape) entry.shape.push_back(static_cast<std::int64_t>(whole_number(side, where)));
  const std::uint64_t size = checked_bytes(entry.shape, c10::elementSize(entry.type));
  const std::string within = " within the file's " + std::to_string(data_bytes) + " bytes of data";
  if (size > data_bytes) throw InputError(where, "a tensor" + within, "shape " + shape.dump(), kDamaged);

  const nlohmann::json& offsets = header_member(tensor, "data_offsets", where);
  if (!offsets.is_array() || offsets.size() != 2) throw InputError(where, "two data_offsets", offsets.dump(), kDamaged);
  const std::uint64_t begin = whole_number(offsets[0], where);
  const std::uint64_t end = whole_number(offsets[1], where);
  if (begin > end || end > data_bytes || end - begin != size) {
    throw InputError(where, std::to_string(size) + " bytes" + within, "offsets " + offsets.dump(),
                     "the file is truncated or damaged");
  }
  entry.begin = static_cast<std::size_t>(begin);
  entry.end = static_cast<std::size_t>(end);
  return entry;
}

void SafetensorsFile::expect_coverage(std::size_t data_bytes) const {
  std::vector<std::pair<std::size_t, std::size_t>> spans;
  for (const auto& [name, entry] : entries_) spans.emplace_back(entry.begin, entry.end);
  std::sort(spans.begin(), spans.end());
  std::size_t position = 0;
  for (const auto& [begin, end] : spans) {
    if (begin != position) {
      throw InputError(path_ + ": header", "tensors one after another",
                       "one at " + std::to_string(begin) + " where " + std::to_string(position) + " comes next", kDamaged);
    }
    position = end;
  }
  if (position != data_bytes) {
    throw InputError(path_ + ": header", "tensors that fill the file's " + std::to_string(data_bytes) + " bytes of data",
                     std::to_string(position) + " bytes", kDamaged);
  }
}

void SafetensorsFile::expect_checksum() const {
  for (const auto& [key, text] : metadata_) {
    if (key == kChecksumKey || !ContentChecksum::is_one(text)) continue;
    throw InputError(path_ + ": header: " + kMetadataKey, std::string("a checksum under ") + kChecksumKey,
                     "one under " + key, kDamaged);
  }
  if (!is_checked()) return;
  ContentChecksum checksum(metadata_);
  for (const auto& [name, entry] : entries_) {
    checksum.add_tensor(name, type_name(entry.type), entry.shape,
                        file_->bytes(data_begin_ + entry.begin, entry.end - entry.begin));
  }
  const std::string& stored = metadata_.at(kChecksumKey);
  if (stored == checksum.text()) return;
  throw InputError(path_ + ": " + kChecksumKey, checksum.text() + ", the checksum of the contents", "'" + stored + "'",
                   "the file is damaged: restore a copy; if it was changed on purpose, remove that key of its metadata");
}

bool SafetensorsFile::is_checked() const {
  return metadata_.contains(kChecksumKey);
}

std::vector<std::string> SafetensorsFile::names() const {
  std::vector<std::string> names;
  for (const auto& [name, entry] : entries_) names.push_back(name);
  return names;
}

torch::Tensor SafetensorsFile::tensor(const std::string& name) const {
  const auto found = entries_.find(name);
  if (found == entries_.end()) throw InputError(path_, "a tensor '" + name + "'", "none of that name");
  const Entry& entry = found->second;
  auto tensor = torch::empty(entry.shape, entry.type);
  file_->read(data_begin_ + entry.begin, {static_cast<std::uint8_t*>(tensor.data_ptr()), tensor.nbytes()});
  return tensor;
}

NamedTensors SafetensorsFile::tensors() const {
  NamedTensors tensors;
  for (const auto& [name, entry] : entries_) tensors.emplace(name, tensor(name));
  return tensors;
}

void write_safetensors(const std::string& path, const NamedTensors& tensors, const Metadata& metadata) {
  std::vector<std::pair<std::string, torch::Tensor>> ordered;
  for (const auto& [name, tensor] : tensors) ordered.emplace_back(name, tensor.detach().to(torch::kCPU).contiguous());
  // Wide types first keeps every tensor aligned to its element size.
  std::stable_sort(ordered.begin(), ordered.end(), [](const auto& left, const auto& right) {
    return left.second.element_size() > right.second.element_size();
  });

  nlohmann::ordered_json header = nlohmann::ordered_json::object();
  if (!metadata.empty()) header[kMetadataKey] = metadata;
  std::size_t offset = 0;
  for (const auto& [name, tensor] : ordered) {
    if (name == kMetadataKey) throw InputError(path, "another tensor name", std::string("'") + kMetadataKey + "'");
    const std::size_t end = offset + tensor.nbytes();
    header[name] = {
        {"dtype", type_name(tensor.scalar_type())}, {"shape", tensor.sizes().vec()}, {"data_offsets", {offset, end}}};
    offset = end;
  }
  std::string text;
  try {
    text = header.dump();
  } catch (const nlohmann::json::exception&) {
    throw InputError(path, "tensor names and metadata in UTF-8", "other bytes");
  }
  text.resize((text.size() + kLengthBytes - 1) / kLengthBytes * kLengthBytes, ' ');

  write_file_atomically(path, [&](FileWriter& file) {
    std::array<std::uint8_t, kLengthBytes> length{};
    store_little_endian(std::uint64_t{text.size()}, length);
    file.write(length.data(), length.size());
    file.write(text.data(), text.size());
    for (const auto& [name, tensor] : ordered) file.write(tensor.data_ptr(), tensor.nbytes());
  });
}

void write_checked_safetensors(const std::string& path, const NamedTensors& tensors, Metadata metadata) {
  ContentChecksum checksum(metadata);
  for (const auto& [name, tensor] : tensors) {
    const torch::Tensor plain = tensor.detach().to(torch::kCPU).contiguous();
    checksum.add_tensor(name, type_name(plain.scalar_type()), plain.sizes().vec(),
                        {static_cast<const std::uint8_t*>(plain.data_ptr()), plain.nbytes()});
  }
  metadata[kChecksumKey] = checksum.text();
  write_safetensors(path, tensors, metadata);
}

}  // namespace fovea
