#include <bit>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <limits>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fovea/base/error.h>
#include <fovea/train/event_file.h>

#include "file_text.h"
#include "temporary_directory.h"

namespace fovea {
namespace {

using ::testing::ElementsAre;
using ::testing::FloatEq;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::IsNan;
using ::testing::Pair;
using ::testing::StartsWith;
using ::testing::ThrowsMessage;

using namespace std::string_literals;

// A second implementation of the format, bit by bit, from its description: TFRecord
// (https://www.tensorflow.org/tutorials/load_data/tfrecord), protocol buffers
// (https://protobuf.dev/programming-guides/encoding).

/// CRC-32C: polynomial 0x1EDC6F41, bits reflected, all ones before and inverted after.
std::uint32_t crc32c(std::string_view bytes) {
  std::uint32_t crc = ~0U;
  for (const char byte : bytes) {
    crc ^= static_cast<std::uint8_t>(byte);
    for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ ((crc & 1U) != 0 ? 0x82F63B78U : 0U);
  }
  return ~crc;
}

std::uint32_t masked_crc32c(std::string_view bytes) {
  const std::uint32_t crc = crc32c(bytes);
  return (crc >> 15 | crc << 17) + 0xA282EAD8U;
}

std::string little_endian_bytes(std::uint64_t number, int size) {
  std::string bytes;
  for (int i = 0; i < size; ++i) bytes += static_cast<char>(number >> (8 * i) & 0xFFU);
  return bytes;
}

std::uint64_t little_endian_number(std::string_view bytes) {
  std::uint64_t number = 0;
  for (std::size_t i = bytes.size(); i > 0; --i) number = number << 8 | static_cast<std::uint8_t>(bytes[i - 1]);
  return number;
}

std::string record_of(const std::string& data) {
  const std::string length = little_endian_bytes(data.size(), 8);
  return length + little_endian_bytes(masked_crc32c(length), 4) + data + little_endian_bytes(masked_crc32c(data), 4);
}

/// The data of a file's records. @throws std::runtime_error for anything but a row of whole, intact records.
std::vector<std::string> records_of(std::string_view file) {
  const auto take = [&file](std::size_t size) {
    if (size > file.size()) throw std::runtime_error("the file ends within a record");
    const std::string_view part = file.substr(0, size);
    file.remove_prefix(size);
    return part;
  };
  const auto expect_checksum = [&take](std::string_view of) {
    if (little_endian_number(take(4)) != masked_crc32c(of)) throw std::runtime_error("a checksum is wrong");
  };
  std::vector<std::string> records;
  while (!file.empty()) {
    const std::string_view length = take(8);
    expect_checksum(length);
    const std::string_view data = take(little_endian_number(length));
    expect_checksum(data);
    records.emplace_back(data);
  }
  return records;
}

/// One field of a protocol buffer.
struct WireField {
  std::uint64_t number = 0;
  std::uint64_t value = 0;  ///< of a number
  std::string bytes;        ///< of a string or a message
};

std::vector<WireField> wire_fields(std::string_view message) {
  const auto take = [&message](std::size_t size) {
    if (size > message.size()) throw std::runtime_error("the message ends within a field");
    const std::string_view part = message.substr(0, size);
    message.remove_prefix(size);
    return part;
  };
  const auto varint = [&take] {
    std::uint64_t number = 0;
    for (int shift = 0;; shift += 7) {
      const auto byte = static_cast<std::uint8_t>(take(1).front());
      number |= std::uint64_t{byte & 0x7FU} << shift;
      if (byte < 0x80U) return number;
    }
  };
  std::vector<WireField> fields;
  while (!message.empty()) {
    const std::uint64_t key = varint();
    WireField field;
    field.number = key >> 3;
    switch (key & 7U) {
      case 0:
        field.value = varint();
        break;
      case 1:
        field.value = little_endian_number(take(8));
        break;
      case 2:
        field.bytes = take(varint());
        break;
      case 5:
        field.value = little_endian_number(take(4));
        break;
      default:
        throw std::runtime_error("an unknown wire type");
    }
    fields.push_back(std::move(field));
  }
  return fields;
}

struct DecodedEvent {
  double wall_time = 0;
  std::int64_t step = 0;
  std::string file_version;
  std::vector<std::pair<std::string, float>> scalars;
};

std::pair<std::string, float> decode_scalar(std::string_view message) {
  const std::vector<WireField> fields = wire_fields(message);
  if (fields.size() != 2 || fields[0].number != 1 || fields[1].number != 2)
    throw std::runtime_error("not a tag and a value");
  return {fields[0].bytes, std::bit_cast<float>(static_cast<std::uint32_t>(fields[1].value))};
}

DecodedEvent decode_event(std::string_view message) {
  DecodedEvent event;
  for (const WireField& field : wire_fields(message)) {
    switch (field.number) {
      case 1:
        event.wall_time = std::bit_cast<double>(field.value);
        break;
      case 2:
        event.step = static_cast<std::int64_t>(field.value);
        break;
      case 3:
        event.file_version = field.bytes;
        break;
      case 5:
        for (const WireField& value : wire_fields(field.bytes)) event.scalars.push_back(decode_scalar(value.bytes));
        break;
      default:
        throw std::runtime_error("an unknown field");
    }
  }
  return event;
}

std::vector<DecodedEvent> decode_events(const std::string& path) {
  std::vector<DecodedEvent> events;
  for (const std::string& record : records_of(file_text(path))) events.push_back(decode_event(record));
  return events;
}

std::vector<std::int64_t> steps_in(const std::string& path) {
  std::vector<std::int64_t> steps;
  for (const DecodedEvent& event : decode_events(path)) steps.push_back(event.step);
  return steps;
}

const std::string kVersionField =
    "\x1A\x0D"
    "brain.Event:2"s;
const std::string kVersionRecord = record_of("\x09" + std::string(8, '\0') + kVersionField);  // at 1970-01-01 00:00

std::string step_record(char step) {
  return record_of("\x10"s + step);
}

double now_in_seconds() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

class EventFileTest : public testing::Test {
 protected:
  const std::string& path() const { return path_; }
  const EventFile& events() const { return events_; }

  void write(const std::string& bytes) const { folder_.write(kName, bytes); }
  std::string bytes() const { return file_text(path_); }

  /// Bytes that truncate() leaves of these.
  std::string kept_of(const std::string& bytes, std::int64_t last_step) const {
    write(bytes);
    events_.truncate(last_step);
    return file_text(path_);
  }

 private:
  static constexpr const char* kName = "events.out.tfevents.fovea";
  TemporaryDirectory folder_;
  std::string path_ = folder_.path(kName);
  EventFile events_{path_};
};

TEST_F(EventFileTest, TheTestsKnowTheChecksum) {
  EXPECT_EQ(crc32c("123456789"), 0xE3069283U);            // the check value of CRC-32C
  EXPECT_EQ(crc32c(std::string(32, '\0')), 0x8A9136AAU);  // RFC 3720, B.4
  EXPECT_EQ(crc32c(std::string(32, '\xFF')), 0x62A8AB43U);
}

// A length of 24 and its checksum begin every file that TensorBoard's own writers write.
TEST_F(EventFileTest, BeginsAsEveryEventFileDoes) {
  const double before = now_in_seconds();
  events().append(1, {{"a", 1.0}});
  const double after = now_in_seconds();
  EXPECT_THAT(bytes(), StartsWith("\x18\0\0\0\0\0\0\0\xA3\x7F\x4B\x22\x09"s));
  EXPECT_EQ(bytes().substr(21, 15), kVersionField);
  for (const DecodedEvent& event : decode_events(path())) {
    EXPECT_GE(event.wall_time, before);
    EXPECT_LE(event.wall_time, after);
  }
}

TEST_F(EventFileTest, AStepIsOneRecordOfAllItsScalars) {
  events().append(3, {{"a", 0.5}, {"bc", -2.0}});
  const std::vector<std::string> records = records_of(bytes());
  ASSERT_EQ(records.size(), 2U);
  const std::string after_wall_time =
      "\x10\x03\x2A\x15"  // step 3; a summary of 21 bytes
      "\x0A\x08\x0A\x01"
      "a"
      "\x15\0\0\0\x3F"  // "a": 0x3F000000 is 0.5
      "\x0A\x09\x0A\x02"
      "bc"
      "\x15\0\0\0\xC0"s;  // "bc": 0xC0000000 is -2
  EXPECT_EQ(records[1].substr(0, 1), "\x09");
  EXPECT_EQ(records[1].substr(9), after_wall_time);
}

TEST_F(EventFileTest, WritesEveryValueAsItIs) {
  const double infinity = std::numeric_limits<double>::infinity();
  events().append(
      0,
      {{"zero", 0.0}, {"minus zero", -0.0}, {"third", 1.0 / 3.0}, {"nan", std::nan("")}, {"inf", -infinity}, {"", 1e300}});
  events().append(std::int64_t{1} << 40, {});
  const std::vector<DecodedEvent> events = decode_events(path());
  ASSERT_EQ(events.size(), 3U);
  EXPECT_EQ(events[1].step, 0);
  EXPECT_THAT(
      events[1].scalars,
      ElementsAre(Pair("zero", 0.0F), Pair("minus zero", 0.0F), Pair("third", FloatEq(1.0F / 3.0F)), Pair("nan", IsNan()),
                  Pair("inf", -std::numeric_limits<float>::infinity()), Pair("", std::numeric_limits<float>::infinity())));
  EXPECT_TRUE(std::signbit(events[1].scalars[1].second));
  EXPECT_EQ(events[2].step, std::int64_t{1} << 40);
  EXPECT_THAT(events[2].scalars, IsEmpty());
}

TEST_F(EventFileTest, AnOpenReaderSeesWhatIsAppended) {
  events().append(1, {{"a", 1.0}});
  std::ifstream reader(path(), std::ios::binary);
  const auto read_on = [&reader] {
    reader.clear();
    return std::string(std::istreambuf_iterator<char>(reader), std::istreambuf_iterator<char>());
  };
  EXPECT_EQ(records_of(read_on()).size(), 2U);
  EventFile(path()).append(2, {{"a", 0.25}});                    // another object, as after a restart
  const std::vector<std::string> added = records_of(read_on());  // from where it had stopped
  ASSERT_EQ(added.size(), 1U);
  EXPECT_EQ(decode_event(added[0]).step, 2);
}

TEST_F(EventFileTest, KeepsUpToAStep) {
  std::vector<std::string> after;  // the file with the header alone, and after each step
  events().append(1, {{"a", 1.0}});
  after.push_back(bytes().substr(0, 40));
  after.push_back(bytes());
  for (std::int64_t step = 2; step <= 4; ++step) {
    events().append(step, {{"a", 1.0 / static_cast<double>(step)}, {"b", 0.0}});
    after.push_back(bytes());
  }
  for (const std::int64_t last : {4, 3, 2, 1, 0}) {
    EXPECT_EQ(kept_of(after.back(), last), after[static_cast<std::size_t>(last)]) << last;
  }
  EXPECT_EQ(kept_of(after.back(), 100), after.back());
  EXPECT_EQ(kept_of(after.back(), -1), after.front());
}

TEST_F(EventFileTest, GoesOnAfterKeep) {
  for (std::int64_t step = 1; step <= 3; ++step) events().append(step, {{"a", 1.0}});
  events().truncate(1);
  EXPECT_THAT(steps_in(path()), ElementsAre(0, 1));
  events().append(2, {{"a", 7.0}});
  EXPECT_THAT(steps_in(path()), ElementsAre(0, 1, 2));
  EXPECT_THAT(decode_events(path()).at(2).scalars, ElementsAre(Pair("a", 7.0F)));
}

TEST_F(EventFileTest, LeavesAloneWhatIsWhole) {
  events().append(1, {{"a", 1.0}});
  const auto long_ago = std::filesystem::file_time_type::clock::now() - std::chrono::hours(24);
  std::filesystem::last_write_time(path(), long_ago);
  const auto written = std::filesystem::last_write_time(path());
  events().truncate(1);
  EXPECT_EQ(std::filesystem::last_write_time(path()), written);
  events().truncate(0);
  EXPECT_GT(std::filesystem::last_write_time(path()), written);
}

TEST_F(EventFileTest, AMissingFileStaysMissing) {
  events().truncate(5);
  EXPECT_FALSE(std::filesystem::exists(path()));
}

TEST_F(EventFileTest, CutsATornTail) {
  const std::string one = kVersionRecord + step_record(1);
  const std::string two = one + step_record(2);
  for (std::size_t size = 0; size < two.size(); ++size) {
    const std::size_t whole = size < kVersionRecord.size() ? 0 : size < one.size() ? kVersionRecord.size() : one.size();
    ASSERT_EQ(kept_of(two.substr(0, size), 2), two.substr(0, whole)) << "torn after " << size << " bytes";
  }
  EXPECT_EQ(kept_of(two, 2), two);
}

TEST_F(EventFileTest, CutsBeforeADamagedByte) {
  const std::string one = kVersionRecord + step_record(1);
  const std::string three = one + step_record(2) + step_record(3);
  const std::size_t step_size = step_record(1).size();
  for (std::size_t i = 0; i < three.size(); ++i) {
    std::string damaged = three;
    damaged[i] = static_cast<char>(damaged[i] ^ 0x10);
    const std::size_t header = kVersionRecord.size();
    const std::size_t whole = i < header ? 0 : header + (i - header) / step_size * step_size;
    ASSERT_EQ(kept_of(damaged, 3), three.substr(0, whole)) << "damaged at " << i;
  }
}

TEST_F(EventFileTest, BelievesNoLength) {
  for (const std::uint64_t length : {std::uint64_t{1} << 60, ~std::uint64_t{0}, ~std::uint64_t{0} - 15, std::uint64_t{3}}) {
    const std::string bytes = little_endian_bytes(length, 8);
    const std::string record = bytes + little_endian_bytes(masked_crc32c(bytes), 4) + "\x10\x01" + std::string(4, '\0');
    EXPECT_EQ(kept_of(kVersionRecord + record, 9), kVersionRecord) << length;
    EXPECT_EQ(kept_of(record, 9), "") << length;
  }
}

TEST_F(EventFileTest, BeginsAnewWithoutAHeader) {
  for (const std::string& foreign : {""s, "a"s, "{\"epoch\": 1}\n"s, std::string(1000, '\0'), record_of(""), step_record(1),
                                     record_of("\x1A\x0Dprose.Event:2"s), record_of("not an event")}) {
    EXPECT_EQ(kept_of(foreign, 9), "");
    events().append(4, {{"a", 1.0}});
    EXPECT_EQ(decode_events(path()).at(0).file_version, "brain.Event:2");
    EXPECT_THAT(steps_in(path()), ElementsAre(0, 4));
  }
}

TEST_F(EventFileTest, CutsBeforeDataThatAreNoEvent) {
  const std::string one = kVersionRecord + step_record(1);
  for (const std::string& data : {"\x10"s, "\x2A\x7F"s, "\x0F\x01"s, "words"s}) {
    EXPECT_EQ(kept_of(one + record_of(data) + step_record(2), 9), one);
  }
}

// Such as graphs, images, and tags that are no UTF-8.
TEST_F(EventFileTest, KeepsEventsWithPartsOfOtherWriters) {
  const std::string graph = record_of("\x10\x01\x22\x03xyz");
  const std::string tag = record_of("\x10\x02\x2A\x05\x0A\x03\x0A\x01\xFF");
  EXPECT_EQ(kept_of(kVersionRecord + graph + tag + step_record(3), 2), kVersionRecord + graph + tag);
}

TEST_F(EventFileTest, ReportsWhatTheMachineRefuses) {
  write("");
  const std::string below_a_file = path() + "/events.out.tfevents.fovea";
  EXPECT_THAT(
      [&] {
        EventFile(below_a_file).append(1, {{"a", 1.0}});
      },
      ThrowsMessage<SystemError>(StartsWith(below_a_file + ": cannot append: Not a directory; ")));
  EXPECT_THAT(
      [&] {
        EventFile("/dev/full").append(1, {{"a", 1.0}});
      },
      ThrowsMessage<SystemError>(StartsWith("/dev/full: cannot append: No space left on device; free some space")));
}

TEST_F(EventFileTest, RefusesAFolder) {
  const std::string folder = std::filesystem::path(path()).parent_path();
  EXPECT_THAT([&] { EventFile(folder).truncate(1); }, ThrowsMessage<InputError>(StartsWith(folder + ": expected a file")));
  EXPECT_THAT([&] { EventFile(folder).append(1, {}); }, ThrowsMessage<SystemError>(HasSubstr("Is a directory")));
}

}  // namespace
}  // namespace fovea
