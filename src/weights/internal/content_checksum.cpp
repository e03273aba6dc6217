#include <fovea/weights/internal/content_checksum.h>

namespace fovea {
namespace {

constexpr const char* kPrefix = "xxh64:";

}  // namespace

ContentChecksum::ContentChecksum(const Metadata& metadata) {
  for (const auto& [key, text] : metadata) {
    if (key == kChecksumKey) continue;
    hash_.absorb(std::string_view(key));
    hash_.absorb(std::string_view(text));
  }
}

void ContentChecksum::add_tensor(const std::string& name, const char* type, std::span<const std::int64_t> shape,
                                 std::span<const std::uint8_t> bytes) {
  hash_.absorb(std::string_view(name));
  hash_.absorb(std::string_view(type));
  hash_.absorb(static_cast<std::int64_t>(shape.size()));
  for (const std::int64_t side : shape) hash_.absorb(side);
  hash_.absorb(bytes);
}

std::string ContentChecksum::text() const {
  return kPrefix + hash_.text();
}

bool ContentChecksum::is_one(const std::string& text) {
  constexpr std::size_t kLength = 6 + 16;
  return text.size() == kLength && text.starts_with(kPrefix) &&
         text.find_first_not_of("0123456789abcdef", 6) == std::string::npos;
}

}  // namespace fovea
