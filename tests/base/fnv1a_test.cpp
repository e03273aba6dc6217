#include <string>

#include <gtest/gtest.h>

#include <fovea/base/fnv1a.h>

namespace fovea {
namespace {

std::uint64_t hash_of(const std::string& bytes) {
  Fnv1a hash;
  hash.absorb({reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()});
  return hash.state();
}

TEST(Fnv1aTest, IsTheOneThatIsPublished) {
  // http://www.isthe.com/chongo/tech/comp/fnv: the test vectors of FNV-1a, 64 bits.
  EXPECT_EQ(hash_of(""), 0xcbf29ce484222325U);
  EXPECT_EQ(hash_of("a"), 0xaf63dc4c8601ec8cU);
  EXPECT_EQ(hash_of("foobar"), 0x85944171f73967e8U);
}

TEST(Fnv1aTest, NumbersAndTextsAreBytesWithALength) {
  Fnv1a number;
  number.absorb(std::int64_t{0x0102});
  EXPECT_EQ(number.state(), hash_of(std::string("\2\1\0\0\0\0\0\0", 8)));
  Fnv1a text;
  text.absorb(std::string_view("ab"));
  EXPECT_EQ(text.state(), hash_of(std::string("\2\0\0\0\0\0\0\0ab", 10)));
}

}  // namespace
}  // namespace fovea
