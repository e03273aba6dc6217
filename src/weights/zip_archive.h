#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>

struct zip;  // libzip's archive

namespace fovea {

/// The entries of a zip archive in memory, by name. What the archive says of itself is checked before anyone allocates for
/// it: names that occur twice or lead out of a folder, encryption, and entries that together claim more than the archive.
class ZipArchive {
 public:
  struct Entry {
    std::uint64_t index = 0;
    std::uint64_t size = 0;  ///< unpacked, as the archive claims
  };

  /// @param bytes stay the caller's and must outlive the archive.
  /// @param where names the archive in messages.
  /// @throws InputError when it is none or one that nobody writes.
  ZipArchive(std::span<const std::uint8_t> bytes, const std::string& where);

  const std::map<std::string, Entry>& entries() const { return entries_; }
  bool contains(const std::string& name) const { return entries_.contains(name); }

  /// Unpacks an entry into memory of exactly its size. @throws InputError when it has another size or checksum.
  void read(const std::string& name, std::span<std::uint8_t> to) const;

 private:
  std::string where_;
  std::shared_ptr<::zip> archive_;
  std::map<std::string, Entry> entries_;
};

}  // namespace fovea
