#include <algorithm>
#include <filesystem>
#include <fstream>
#include <new>
#include <system_error>
#include <utility>

#include <zlib.h>

#include <fovea/base/byte_order.h>
#include <fovea/base/error.h>
#include <fovea/base/file.h>
#include <fovea/datasets/internal/gzip.h>

namespace fovea {
namespace {

constexpr std::size_t kInflateStep = std::size_t{1} << 16;
constexpr std::size_t kLargestZlibBuffer = std::size_t{1} << 30;  // zlib counts in 32 bits
constexpr std::size_t kAlwaysInflated = std::size_t{64} << 20;
constexpr std::size_t kMostInflatedPerByte = 100;
constexpr int kGzipOnly = 16;  // added to the window bits: no zlib or raw data

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

 private:
  z_stream stream_{};
};

bool is_gzip(std::span<const std::uint8_t> bytes) {
  return bytes.size() >= 2 && bytes[0] == 0x1F && bytes[1] == 0x8B;
}

[[noreturn]] void throw_damaged(const std::string& where, std::size_t offset) {
  throw InputError(where + ": offset " + std::to_string(offset), "gzip data", "invalid data",
                   "the file is damaged, fetch it again");
}

/// The inflated size that the last member states, modulo 2^32: a hint, as there may be others.
std::size_t stated_size(std::span<const std::uint8_t> compressed) {
  constexpr std::size_t kField = 4;
  return compressed.size() < kField ? 0 : load_little_endian<std::uint32_t>(compressed.last(kField));
}

/// Twice as much, but no more than is reserved.
std::size_t next_size(const std::vector<std::uint8_t>& bytes) {
  const std::size_t doubled = std::max(2 * bytes.size(), kInflateStep);
  return bytes.size() < bytes.capacity() ? std::min(doubled, bytes.capacity()) : doubled;
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

std::vector<std::uint8_t> read_start_of_plain_or_gzip(const std::string& path, std::size_t count) {
  std::vector<std::uint8_t> start(kInflateStep);
  std::ifstream file(path, std::ios::binary);
  file.read(reinterpret_cast<char*>(start.data()), static_cast<std::streamsize>(start.size()));
  start.resize(static_cast<std::size_t>(file.gcount()));
  if (is_gzip(start)) {
    std::vector<std::uint8_t> inflated(count);
    std::span<const std::uint8_t> input = start;
    std::span<std::uint8_t> output = inflated;
    const int status = Inflater().step(input, output);
    if (status != Z_OK && status != Z_STREAM_END && status != Z_BUF_ERROR) throw_damaged(path, start.size() - input.size());
    inflated.resize(count - output.size());
    return inflated;
  }
  start.resize(std::min(start.size(), count));
  return start;
}

std::vector<std::uint8_t> inflate_gzip(std::span<const std::uint8_t> compressed, std::size_t max_bytes,
                                       const std::string& where) {
  const std::size_t most = std::min(max_bytes, kAlwaysInflated + kMostInflatedPerByte * compressed.size());
  Inflater inflater;
  std::span<const std::uint8_t> input = compressed;
  std::vector<std::uint8_t> inflated;
  inflated.reserve(std::min(most, stated_size(compressed)) + 1);  // with room to see the end
  std::size_t written = 0;
  while (true) {
    if (written == inflated.size()) inflated.resize(next_size(inflated));
    std::span<std::uint8_t> output = std::span(inflated).subspan(written);
    const int status = inflater.step(input, output);
    written = inflated.size() - output.size();
    const std::size_t offset = compressed.size() - input.size();
    if (written > most) {
      throw InputError(where, "at most " + std::to_string(most) + " bytes when inflated", "more",
                       "check that it is the right file");
    }
    if (status == Z_STREAM_END) {
      if (input.empty()) break;
      inflater.next_member();
    } else if (status == Z_MEM_ERROR) {
      throw std::bad_alloc();
    } else if (status == Z_BUF_ERROR) {
      throw InputError(where + ": offset " + std::to_string(offset), "more gzip data", "the end of the file",
                       "the file is truncated, fetch it again");
    } else if (status != Z_OK) {
      throw_damaged(where, offset);
    }
  }
  inflated.resize(written);
  return inflated;
}

}  // namespace fovea
