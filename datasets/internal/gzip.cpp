#include <algorithm>
#include <filesystem>
#include <new>
#include <system_error>
#include <utility>

#include <zlib.h>

#include <fovea/base/error.h>
#include <fovea/base/file.h>
#include <fovea/datasets/internal/gzip.h>

namespace fovea {
namespace {

constexpr std::size_t kInflateStep = std::size_t{1} << 16;
constexpr std::size_t kLargestZlibBuffer = std::size_t{1} << 30;  // zlib counts in 32 bits
constexpr int kGzipOnly = 16;                                     // added to the window bits: no zlib or raw data

/// Owner of zlib's state.
class Inflater {
 public:
  Inflater() {
    if (inflateInit2(&stream_, MAX_WBITS + kGzipOnly) != Z_OK) throw std::bad_alloc();
  }
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;
  ~Inflater() { inflateEnd(&stream_); }

  /// Inflates as much of `input` to `output` as possible and removes both parts from the spans. @return status of zlib.
  int step(std::span<const std::uint8_t>& input, std::span<std::uint8_t>& output) {
    const std::size_t offered = std::min(input.size(), kLargestZlibBuffer);
    const std::size_t room = std::min(output.size(), kLargestZlibBuffer);
    stream_.next_in = const_cast<Bytef*>(input.data());  // zlib does not write to it
    stream_.avail_in = static_cast<uInt>(offered);
    stream_.next_out = output.data();
    stream_.avail_out = static_cast<uInt>(room);
    const int status = inflate(&stream_, Z_NO_FLUSH);
    input = input.subspan(offered - stream_.avail_in);
    output = output.subspan(room - stream_.avail_out);
    return status;
  }
  void next_member() { inflateReset(&stream_); }
  const char* message() const { return stream_.msg != nullptr ? stream_.msg : "unknown damage"; }

 private:
  z_stream stream_{};
};

bool is_gzip(std::span<const std::uint8_t> bytes) {
  return bytes.size() >= 2 && bytes[0] == 0x1F && bytes[1] == 0x8B;
}

bool is_there(const std::string& path) {
  std::error_code ignored;
  return std::filesystem::exists(path, ignored);
}

}  // namespace

std::string find_plain_or_gzip(const std::string& path) {
  if (is_there(path)) return path;
  if (is_there(path + ".gz")) return path + ".gz";
  throw InputError(path, "this file or " + path + ".gz", "neither",
                   "check the folder; datasets/README.md says what belongs there");
}

std::vector<std::uint8_t> read_plain_or_gzip(const std::string& path, std::size_t max_bytes) {
  std::vector<std::uint8_t> bytes = read_file(path, max_bytes);
  if (!is_gzip(bytes)) return bytes;
  return inflate_gzip(bytes, max_bytes, path);
}

std::vector<std::uint8_t> inflate_gzip(std::span<const std::uint8_t> compressed, std::size_t max_bytes,
                                       const std::string& where) {
  Inflater inflater;
  std::span<const std::uint8_t> input = compressed;
  std::vector<std::uint8_t> inflated;
  std::size_t written = 0;
  while (true) {
    if (written == inflated.size()) inflated.resize(std::max(2 * written, kInflateStep));
    std::span<std::uint8_t> output = std::span(inflated).subspan(written);
    const int status = inflater.step(input, output);
    written = inflated.size() - output.size();
    const std::string at = where + ": offset " + std::to_string(compressed.size() - input.size());

    if (written > max_bytes) {
      throw InputError(where, "at most " + std::to_string(max_bytes) + " bytes when inflated", "more",
                       "check that it is the right file");
    }
    if (status == Z_STREAM_END) {
      if (input.empty()) break;
      inflater.next_member();
    } else if (status == Z_MEM_ERROR) {
      throw std::bad_alloc();
    } else if (status == Z_BUF_ERROR) {
      throw InputError(at, "more gzip data", "the end of the file", "the file is truncated, fetch it again");
    } else if (status != Z_OK) {
      throw InputError(at, "gzip data", inflater.message(), "the file is damaged, fetch it again");
    }
  }
  inflated.resize(written);
  return inflated;
}

}  // namespace fovea
