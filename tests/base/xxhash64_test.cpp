#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <fovea/base/xxhash64.h>

namespace fovea {
namespace {

std::span<const std::uint8_t> bytes_of(const std::string& text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

TEST(Xxhash64Test, IsTheOneThatIsPublished) {
  // Test vectors of other implementations: those of Python's xxhash, and of cespare/xxhash for Go.
  EXPECT_EQ(xxhash64(bytes_of("")), 0xef46db3751d8e999U);
  EXPECT_EQ(xxhash64(bytes_of("a")), 0xd24ec4f1a98c6e5bU);
  EXPECT_EQ(xxhash64(bytes_of("abc")), 0x44bc2cf5ad770999U);
  EXPECT_EQ(xxhash64(bytes_of("xxhash")), 3665147885093898016U);
  EXPECT_EQ(xxhash64(bytes_of("Call me Ishmael. Some years ago--never mind how long precisely-")), 0x02a2e85470d6fd96U);
}

TEST(Xxhash64Test, PartsGiveTheHashOfTheWhole) {
  std::string text;
  for (int i = 0; i < 100; ++i) text += static_cast<char>(i * 37);
  for (std::size_t length = 0; length <= text.size(); ++length) {
    const std::string whole = text.substr(0, length);
    for (std::size_t cut = 0; cut <= length; ++cut) {
      Xxhash64 hash;
      hash.absorb(bytes_of(whole.substr(0, cut)));
      hash.absorb(bytes_of(whole.substr(cut)));
      ASSERT_EQ(hash.value(), xxhash64(bytes_of(whole))) << length << " bytes after " << cut;
    }
  }
}

TEST(Xxhash64Test, EveryBitCounts) {
  std::string text(77, 'x');
  const std::uint64_t before = xxhash64(bytes_of(text));
  for (std::size_t bit = 0; bit < 8 * text.size(); ++bit) {
    text[bit / 8] = static_cast<char>(text[bit / 8] ^ (1 << bit % 8));
    EXPECT_NE(xxhash64(bytes_of(text)), before) << bit;
    text[bit / 8] = static_cast<char>(text[bit / 8] ^ (1 << bit % 8));
  }
}

TEST(Xxhash64Test, NumbersAndTextsAreBytesWithALength) {
  Xxhash64 number;
  number.absorb(std::int64_t{0x0102});
  EXPECT_EQ(number.value(), xxhash64(bytes_of(std::string("\2\1\0\0\0\0\0\0", 8))));
  Xxhash64 text;
  text.absorb(std::string_view("ab"));
  EXPECT_EQ(text.value(), xxhash64(bytes_of(std::string("\2\0\0\0\0\0\0\0ab", 10))));
  EXPECT_EQ(Xxhash64().text(), "ef46db3751d8e999");
}

}  // namespace
}  // namespace fovea
