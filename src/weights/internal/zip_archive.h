#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>

#include <fovea/weights/internal/open_file.h>

struct zip;  // libzip's archive

namespace fovea {

/// Entries of a zip archive, by name. The directory of the archive is checked before memory is allocated:
/// duplicate names, names that lead out of a directory, encryption, and entries that together exceed the archive.
class ZipArchive {
 public:
  struct Entry {
    std::uint64_t index = 0;
    std::uint64_t size = 0;  ///< uncompressed, as declared
  };

  /// @throws InputError when the file is not a zip archive or a malformed one.
  explicit ZipArchive(const OpenFile& file);

  const std::map<std::string, Entry>& entries() const { return entries_; }
  bool contains(const std::string& name) const { return entries_.contains(name); }

  /// Uncompresses an entry into memory of exactly its size. @throws InputError when it has another size or checksum.
  void read(const std::string& name, std::span<std::uint8_t> to) const;

 private:
  std::string where_;
  std::shared_ptr<::zip> archive_;
  std::map<std::string, Entry> entries_;
};

}  // namespace fovea
