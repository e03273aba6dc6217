#include <utility>
#include <zip.h>

#include <fovea/base/error.h>
#include <fovea/weights/internal/damage_advice.h>
#include <fovea/weights/internal/zip_archive.h>

namespace fovea {
namespace {

/// Error of libzip and its message.
class ZipError {
 public:
  ZipError() { zip_error_init(&error_); }
  ZipError(const ZipError&) = delete;
  ZipError& operator=(const ZipError&) = delete;
  ~ZipError() { zip_error_fini(&error_); }

  zip_error_t* get() { return &error_; }
  std::string text() { return zip_error_strerror(&error_); }

 private:
  zip_error_t error_{};
};

std::shared_ptr<zip_t> open_archive(std::span<const std::uint8_t> bytes, const std::string& where) {
  ZipError error;
  zip_source_t* source = zip_source_buffer_create(bytes.data(), bytes.size(), 0, error.get());
  if (source == nullptr) throw SystemError(where + ": cannot read: " + error.text());
  zip_t* archive = zip_open_from_source(source, ZIP_RDONLY, error.get());
  if (archive == nullptr) {
    zip_source_free(source);
    throw InputError(where, "a zip archive", error.text(), kDamagedArchive);
  }
  return {archive, zip_discard};
}

/// True when a component of the name is `..`, or it begins at the root.
bool leads_outside(const std::string& name) {
  return ("/" + name + "/").find("/../") != std::string::npos || name.starts_with('/');
}

}  // namespace

ZipArchive::ZipArchive(std::span<const std::uint8_t> bytes, const std::string& where)
    : where_(where), archive_(open_archive(bytes, where)) {
  std::uint64_t left = bytes.size();
  const zip_int64_t count = zip_get_num_entries(archive_.get(), 0);
  for (zip_int64_t i = 0; i < count; ++i) {
    constexpr zip_uint64_t kWanted = ZIP_STAT_NAME | ZIP_STAT_SIZE | ZIP_STAT_COMP_SIZE | ZIP_STAT_COMP_METHOD;
    zip_stat_t status{};
    const auto index = static_cast<zip_uint64_t>(i);
    if (zip_stat_index(archive_.get(), index, ZIP_FL_ENC_RAW, &status) != 0 || (status.valid & kWanted) != kWanted)
      throw InputError(where, "entries with names and sizes", "none at number " + std::to_string(i), kDamagedArchive);
    const std::string name = status.name;
    const std::string here = where + ": " + name;
    if (leads_outside(name)) throw InputError(where, "names within the archive", "'" + name + "'", "do not trust this file");
    if (status.comp_method != ZIP_CM_STORE && status.comp_method != ZIP_CM_DEFLATE) {
      throw InputError(here, "a stored or deflated entry", "method " + std::to_string(status.comp_method), "pack it again");
    }
    if ((status.valid & ZIP_STAT_ENCRYPTION_METHOD) != 0 && status.encryption_method != ZIP_EM_NONE)
      throw InputError(here, "an entry that is not encrypted", "an encrypted one", "unpack it with its password first");
    if (status.comp_size > left || (status.comp_method == ZIP_CM_STORE && status.comp_size != status.size)) {
      throw InputError(here, "entries that fit into the file's " + std::to_string(bytes.size()) + " bytes together",
                       std::to_string(status.size) + " bytes in " + std::to_string(status.comp_size), kDamagedArchive);
    }
    left -= status.comp_size;
    if (!entries_.emplace(name, Entry{index, status.size}).second)
      throw InputError(where, "every name once", "'" + name + "' twice", "do not trust this file");
  }
}

void ZipArchive::read(const std::string& name, std::span<std::uint8_t> to) const {
  const std::string here = where_ + ": " + name;
  const auto found = entries_.find(name);
  if (found == entries_.end()) throw InputError(where_, "an entry '" + name + "'", "none of that name", kDamagedArchive);
  const std::shared_ptr<zip_file_t> file(zip_fopen_index(archive_.get(), found->second.index, 0),
                                         [](zip_file_t* open) { return open == nullptr ? 0 : zip_fclose(open); });
  if (file == nullptr) throw InputError(here, "an entry", zip_strerror(archive_.get()), kDamagedArchive);

  const auto read_some = [&](void* start, std::size_t count) {
    const zip_int64_t read = zip_fread(file.get(), start, count);
    if (read < 0) throw InputError(here, "readable data", zip_file_strerror(file.get()), kDamagedArchive);
    return static_cast<std::size_t>(read);
  };
  std::size_t position = 0;
  while (position < to.size()) {
    const std::size_t read = read_some(to.data() + position, to.size() - position);
    if (read == 0) break;
    position += read;
  }
  std::uint8_t beyond = 0;  // libzip compares the checksum at the end of the entry
  if (position < to.size() || read_some(&beyond, 1) != 0) {
    throw InputError(here, std::to_string(to.size()) + " bytes",
                     position < to.size() ? std::to_string(position) + " bytes" : std::string("more"), kDamagedArchive);
  }
}

}  // namespace fovea
