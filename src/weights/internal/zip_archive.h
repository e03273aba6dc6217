#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>

struct zip;  // libzip's archive

namespace fovea {

/// Entries of a zip archive in memory, by name. The directory of the archive is checked before memory is allocated:
/// duplicate names, names that lead out of a directory, encryption, and entries that together exceed the archive.
class ZipArchive {
 public:
  struct Entry {
    std::uint64_t index = 0;
    std::uint64_t size = 0;  ///< uncompressed, as declared
  };

  /// @param bytes must outlive the archive.
  /// @param where names the archive in messages.
  /// @throws InputError when it is not a zip archive or a malformed one.
  ZipArchive(std::span<const std::uint8_t> bytes, const std::string& where);

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
