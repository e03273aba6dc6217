#include <array>
#include <cstdint>
#include <limits>

#include <gtest/gtest.h>

#include <fovea/base/byte_order.h>

namespace fovea {
namespace {

constexpr std::array<std::uint8_t, 9> kBytes{0x81, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0xF8, 0xFF};

TEST(ByteOrderTest, LittleEndianNumbersBeginWithTheirLowestByte) {
  EXPECT_EQ(load_little_endian<std::uint8_t>(kBytes), 0x81);
  EXPECT_EQ(load_little_endian<std::uint16_t>(kBytes), 0x0281);
  EXPECT_EQ(load_little_endian<std::uint32_t>(kBytes), 0x04030281U);
  EXPECT_EQ(load_little_endian<std::uint64_t>(kBytes), 0xF807060504030281U);
}

TEST(ByteOrderTest, BigEndianNumbersBeginWithTheirHighestByte) {
  EXPECT_EQ(load_big_endian<std::uint8_t>(kBytes), 0x81);
  EXPECT_EQ(load_big_endian<std::uint16_t>(kBytes), 0x8102);
  EXPECT_EQ(load_big_endian<std::uint32_t>(kBytes), 0x81020304U);
  EXPECT_EQ(load_big_endian<std::uint64_t>(kBytes), 0x81020304050607F8U);
}

TEST(ByteOrderTest, SignedNumbersAreTwosComplement) {
  EXPECT_EQ(load_little_endian<std::int8_t>(kBytes), -127);
  EXPECT_EQ(load_big_endian<std::int16_t>(kBytes), -32510);
  constexpr std::array<std::uint8_t, 8> kMinusTwo{0xFE, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF};
  EXPECT_EQ(load_little_endian<std::int32_t>(kMinusTwo), -2);
  EXPECT_EQ(load_little_endian<std::int64_t>(kMinusTwo), -2);
}

template <typename Number>
void expect_stored_as_loaded(Number number) {
  std::array<std::uint8_t, 9> bytes{};
  bytes.fill(0xAA);
  store_little_endian(number, bytes);
  EXPECT_EQ(load_little_endian<Number>(bytes), number);
  for (std::size_t i = sizeof(Number); i < bytes.size(); ++i) EXPECT_EQ(bytes[i], 0xAA) << i;
}

TEST(ByteOrderTest, AStoreWritesTheBytesOfItsNumberAndNoOthers) {
  std::array<std::uint8_t, 4> bytes{};
  store_little_endian(std::uint32_t{0x04030281}, bytes);
  EXPECT_EQ(bytes, (std::array<std::uint8_t, 4>{0x81, 0x02, 0x03, 0x04}));
  expect_stored_as_loaded<std::uint8_t>(200);
  expect_stored_as_loaded<std::int16_t>(-2);
  expect_stored_as_loaded<std::uint32_t>(0xDEADBEEF);
  expect_stored_as_loaded<std::int64_t>(std::numeric_limits<std::int64_t>::min());
  expect_stored_as_loaded<std::uint64_t>(std::numeric_limits<std::uint64_t>::max());
}

}  // namespace
}  // namespace fovea
