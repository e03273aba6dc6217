#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string_view>

#include <fovea/base/byte_order.h>
#include <fovea/image/decode.h>
#include <fovea/image/quick_check.h>

namespace fovea {
namespace {

using namespace std::string_view_literals;

/// First and last bytes of a file.
struct FileEnds {
  std::uint64_t size = 0;
  std::string head, tail;  ///< both whole for a small file
};

/// None for what is not a plain file that can be read.
std::optional<FileEnds> read_ends(const std::string& path) {
  constexpr std::uint64_t kEndBytes = 512;
  std::error_code failure;
  if (!std::filesystem::is_regular_file(path, failure)) return std::nullopt;
  std::ifstream file(path, std::ios::binary | std::ios::ate);
  if (!file) return std::nullopt;
  FileEnds ends;
  ends.size = static_cast<std::uint64_t>(file.tellg());
  const std::uint64_t count = std::min(ends.size, kEndBytes);
  for (auto& [text, offset] : {std::pair<std::string&, std::uint64_t>(ends.head, 0), {ends.tail, ends.size - count}}) {
    text.resize(count);
    file.seekg(static_cast<std::streamoff>(offset));
    file.read(text.data(), static_cast<std::streamsize>(count));
  }
  return file ? std::optional(ends) : std::nullopt;
}

/// True when a RIFF container is as long as it says.
bool is_whole_webp(const FileEnds& ends) {
  if (ends.head.size() < 12 || ends.head.substr(8, 4) != "WEBP") return false;
  std::array<std::uint8_t, 4> length{};
  std::copy_n(ends.head.begin() + 4, length.size(), length.begin());
  return load_little_endian<std::uint32_t>(length) + std::uint64_t{8} <= ends.size;
}

/// True when the ends tell that the file is whole. Others need a look at all of it.
bool is_surely_complete(const FileEnds& ends) {
  const std::string_view head = ends.head;
  if (head.starts_with("\xFF\xD8\xFF"sv)) return ends.tail.find("\xFF\xD9"sv) != std::string::npos;
  if (head.starts_with("\x89PNG\r\n\x1A\n"sv)) return ends.tail.find("IEND\xAE\x42\x60\x82"sv) != std::string::npos;
  if (head.starts_with("RIFF"sv)) return is_whole_webp(ends);
  return false;
}

}  // namespace

void expect_complete_image_file(const std::string& path) {
  const auto ends = read_ends(path);
  if (ends && is_surely_complete(*ends)) return;
  decode_image_file(path);
}

}  // namespace fovea
