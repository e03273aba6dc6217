#include <cerrno>
#include <cstdio>
#include <fcntl.h>
#include <unistd.h>
#include <utility>
#include <zip.h>

#include <fovea/base/error.h>
#include <fovea/weights/internal/damage_advice.h>
#include <fovea/weights/internal/zip_archive.h>

namespace fovea {
namespace {

/// Fault of an archive or an entry, for messages.
std::string problem_text(const zip_error_t& error) {
  switch (zip_error_code_zip(&error)) {
    case ZIP_ER_NOZIP:
      return "a file without a zip archive's directory";
    case ZIP_ER_INCONS:
      return "an archive whose parts contradict each other";
    case ZIP_ER_CRC:
      return "data of another checksum (CRC)";
    case ZIP_ER_ZLIB:
    case ZIP_ER_COMPRESSED_DATA:
      return "compressed data that do not unpack";
    case ZIP_ER_EOF:
      return "the end of the file";
    case ZIP_ER_ENCRNOTSUPP:
    case ZIP_ER_NOPASSWD:
      return "an encrypted entry";
    case ZIP_ER_COMPNOTSUPP:
      return "an unknown compression";
    default:
      return "an archive that cannot be read (libzip's error " + std::to_string(zip_error_code_zip(&error)) + ")";
  }
}

/// Error of libzip, which it fills.
class ZipError {
 public:
  ZipError() { zip_error_init(&error_); }
  ZipError(const ZipError&) = delete;
  ZipError& operator=(const ZipError&) = delete;
  ~ZipError() { zip_error_fini(&error_); }

  zip_error_t* get() { return &error_; }

 private:
  zip_error_t error_{};
};

/// A descriptor of the archive's own, which its stream closes.
std::FILE* open_stream(const OpenFile& file) {
  const int copy = ::fcntl(file.descriptor(), F_DUPFD_CLOEXEC, 0);
  std::FILE* stream = copy < 0 ? nullptr : ::fdopen(copy, "rb");
  if (stream != nullptr) return stream;
  const int error_number = errno;
  if (copy >= 0) ::close(copy);
  throw SystemError(file.path() + ": cannot read: " + system_message(error_number));
}

std::shared_ptr<zip_t> open_archive(const OpenFile& file) {
  ZipError error;
  std::FILE* stream = open_stream(file);
  zip_source_t* source = zip_source_filep_create(stream, 0, static_cast<zip_int64_t>(file.size()), error.get());
  if (source == nullptr) {
    std::fclose(stream);
    throw SystemError(file.path() + ": cannot read: no memory for an archive");
  }
  zip_t* archive = zip_open_from_source(source, ZIP_RDONLY, error.get());
  if (archive == nullptr) {
    zip_source_free(source);
    throw InputError(file.path(), "a zip archive", problem_text(*error.get()), kDamagedArchive);
  }
  return {archive, zip_discard};
}

/// True when a component of the name is `..`, or it begins at the root.
bool leads_outside(const std::string& name) {
  return ("/" + name + "/").find("/../") != std::string::npos || name.starts_with('/');
}

}  // namespace

ZipArchive::ZipArchive(const OpenFile& file) : where_(file.path()), archive_(open_archive(file)) {
  const std::string& where = where_;
  std::uint64_t left = file.size();
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
      throw InputError(here, "entries that fit into the file's " + std::to_string(file.size()) + " bytes together",
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
  if (file == nullptr) throw InputError(here, "an entry", problem_text(*zip_get_error(archive_.get())), kDamagedArchive);

  const auto read_some = [&](void* start, std::size_t count) {
    const zip_int64_t read = zip_fread(file.get(), start, count);
    if (read < 0) throw InputError(here, "readable data", problem_text(*zip_file_get_error(file.get())), kDamagedArchive);
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
