#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json_fwd.hpp>
#include <torch/torch.h>

#include <fovea/nn/named_tensors.h>

namespace fovea {

class OpenFile;

/// `__metadata__` of a safetensors file.
using Metadata = std::map<std::string, std::string>;

/// A safetensors file (https://github.com/huggingface/safetensors), which stays open; tensors are read when asked for.
/// Header length, JSON, types, shapes, offsets, gaps and overlaps are checked before memory is allocated. A header of more
/// than 100 MB, 16384 tensors or 1024 numbers in a list is an error.
class SafetensorsFile {
 public:
  /// Reads the header. A file with a checksum, as write_checked_safetensors() writes it, is read as a whole, and must agree
  /// with it. @throws InputError with the file, the position and the error.
  explicit SafetensorsFile(const std::string& path);

  const std::string& path() const { return path_; }
  const Metadata& metadata() const { return metadata_; }
  /// Names of the tensors, sorted.
  std::vector<std::string> names() const;
  /// True when the file has a checksum.
  bool is_checked() const;
  bool contains(const std::string& name) const { return entries_.contains(name); }
  /// Total size of the tensors in bytes.
  std::int64_t data_bytes() const { return data_bytes_; }

  /// A tensor. @throws InputError when there is no such name, or the file has been truncated since it was opened.
  torch::Tensor tensor(const std::string& name) const;
  /// All tensors.
  NamedTensors tensors() const;

 private:
  struct Entry {
    torch::ScalarType type;
    std::vector<std::int64_t> shape;
    std::size_t begin;  ///< bytes from the start of the data
    std::size_t end;
  };

  void read_header(const std::string& header, std::size_t data_bytes);
  void read_metadata(const nlohmann::json& metadata, const std::string& where);
  static Entry read_entry(const nlohmann::json& tensor, const std::string& where, std::size_t data_bytes);
  void expect_coverage(std::size_t data_bytes) const;
  void expect_checksum() const;

  std::string path_;
  std::shared_ptr<const OpenFile> file_;
  std::size_t data_begin_ = 0;
  std::int64_t data_bytes_ = 0;
  Metadata metadata_;
  std::map<std::string, Entry> entries_;
};

/// Writes tensors (of any device and layout) and metadata. The file is replaced atomically; equal content gives equal bytes.
/// @throws SystemError when writing fails; an existing file is then unchanged.
void write_safetensors(const std::string& path, const NamedTensors& tensors, const Metadata& metadata);

/// write_safetensors() with a checksum of tensors and metadata, `fovea.checksum`, in the metadata.
void write_checked_safetensors(const std::string& path, const NamedTensors& tensors, Metadata metadata);

}  // namespace fovea
