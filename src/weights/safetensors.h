#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <torch/torch.h>

#include <fovea/nn/named_tensors.h>

namespace fovea {

/// Text to text, as safetensors' `__metadata__`.
using Metadata = std::map<std::string, std::string>;

/// A safetensors file (https://github.com/huggingface/safetensors), mapped into memory and checked before anything is
/// allocated from what it claims: header length, JSON, types, shapes, offsets, gaps and overlaps.
class SafetensorsFile {
 public:
  /// @throws InputError naming the file, the place and what is wrong there.
  explicit SafetensorsFile(const std::string& path);

  const std::string& path() const { return path_; }
  const Metadata& metadata() const { return metadata_; }
  /// The names, sorted.
  std::vector<std::string> names() const;
  bool contains(const std::string& name) const { return entries_.contains(name); }
  /// Bytes of all tensors.
  std::int64_t data_bytes() const { return data_bytes_; }

  /// A copy of a tensor. @throws InputError when there is none of this name.
  torch::Tensor tensor(const std::string& name) const;
  /// Copies of all tensors.
  NamedTensors tensors() const;

 private:
  struct Entry {
    torch::ScalarType type;
    std::vector<std::int64_t> shape;
    std::size_t begin;  ///< bytes from the start of the data
    std::size_t end;
  };

  void read_header(const std::string& header, std::size_t data_bytes);
  void check_coverage(std::size_t data_bytes) const;

  std::string path_;
  std::shared_ptr<const std::uint8_t> mapping_;  ///< the whole file, unmapped by its deleter
  std::size_t data_begin_ = 0;
  std::int64_t data_bytes_ = 0;
  Metadata metadata_;
  std::map<std::string, Entry> entries_;
};

/// Writes tensors (of any device and layout) and metadata, replacing the file atomically. Equal content gives equal bytes.
/// @throws SystemError when the disk refuses; an old file of this name is then untouched.
void write_safetensors(const std::string& path, const NamedTensors& tensors, const Metadata& metadata);

}  // namespace fovea
