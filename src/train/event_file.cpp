#include <bit>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <ios>
#include <isa-l/crc.h>
#include <optional>
#include <scalar_event.pb.h>
#include <span>
#include <string_view>
#include <system_error>

#include <fovea/base/byte_order.h>
#include <fovea/base/error.h>
#include <fovea/base/file.h>
#include <fovea/train/event_file.h>

namespace fovea {
namespace {

constexpr std::string_view kEventVersion = "brain.Event:2";
constexpr std::size_t kLargestEventFile = std::size_t{1} << 28;  // a million epochs; lengths fit the libraries' int

using Bytes = std::span<const std::uint8_t>;

/// CRC-32C of bytes as TFRecord stores it: masked, because a plain CRC of bytes that hold CRCs is weak.
std::uint32_t masked_crc(Bytes bytes) {
  auto* data = const_cast<std::uint8_t*>(bytes.data());  // the library only reads
  const std::uint32_t crc = ~crc32_iscsi(data, static_cast<int>(bytes.size()), ~0U);
  return std::rotr(crc, 15) + 0xA282EAD8U;
}

// A TFRecord: the length of the data, its checksum, the data, their checksum; all numbers little-endian.
constexpr std::size_t kLengthSize = sizeof(std::uint64_t);
constexpr std::size_t kDataOffset = kLengthSize + sizeof(std::uint32_t);
constexpr std::size_t kFrameSize = kDataOffset + sizeof(std::uint32_t);

std::vector<std::uint8_t> tf_record(const tensorboard::Event& event) {
  const std::size_t length = event.ByteSizeLong();
  std::vector<std::uint8_t> record(kFrameSize + length);
  const std::span bytes(record);
  store_little_endian(std::uint64_t{length}, bytes);
  store_little_endian(masked_crc(bytes.first(kLengthSize)), bytes.subspan(kLengthSize));
  event.SerializeToArray(bytes.subspan(kDataOffset).data(), static_cast<int>(length));
  store_little_endian(masked_crc(bytes.subspan(kDataOffset, length)), bytes.subspan(kDataOffset + length));
  return record;
}

void write_bytes(std::ostream& file, Bytes bytes) {
  file.write(reinterpret_cast<const char*>(bytes.data()), std::ssize(bytes));
}

/// Data of the record at the beginning of `bytes`; None when it is truncated or damaged.
std::optional<Bytes> first_tf_record(Bytes bytes) {
  if (bytes.size() < kFrameSize) return std::nullopt;
  const auto length = load_little_endian<std::uint64_t>(bytes);
  if (load_little_endian<std::uint32_t>(bytes.subspan(kLengthSize)) != masked_crc(bytes.first(kLengthSize)))
    return std::nullopt;
  if (length > bytes.size() - kFrameSize) return std::nullopt;
  const Bytes data = bytes.subspan(kDataOffset, length);
  if (load_little_endian<std::uint32_t>(bytes.subspan(kDataOffset + length)) != masked_crc(data)) return std::nullopt;
  return data;
}

/// The events that EventFile::truncate() retains.
struct KeptEvents {
  std::size_t size = 0;        ///< in bytes
  std::int64_t last_step = 0;  ///< 0 without events
};

KeptEvents kept_events(Bytes file, std::int64_t last_step) {
  KeptEvents kept;
  auto& size = kept.size;
  while (const auto data = first_tf_record(file.subspan(size))) {
    tensorboard::Event event;
    if (!event.ParseFromArray(data->data(), static_cast<int>(data->size()))) break;
    const bool first = size == 0;
    if (first ? event.file_version() != kEventVersion : event.step() > last_step) break;
    size += kFrameSize + data->size();
    kept.last_step = event.step();
  }
  return kept;
}

tensorboard::Event event_now() {
  tensorboard::Event event;
  event.set_wall_time(std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count());
  return event;
}

std::vector<std::uint8_t> header_record() {
  tensorboard::Event event = event_now();
  event.set_file_version(std::string(kEventVersion));
  return tf_record(event);
}

}  // namespace

void EventFile::append(std::int64_t step, const std::vector<std::pair<std::string, double>>& scalars) const {
  tensorboard::Event event = event_now();
  event.set_step(step);
  for (const auto& [tag, value] : scalars) {
    tensorboard::Summary::Value& entry = *event.mutable_summary()->add_value();
    entry.set_tag(tag);
    entry.set_simple_value(static_cast<float>(value));
  }
  errno = 0;
  std::ofstream file(path_, std::ios::binary | std::ios::app | std::ios::ate);
  if (file.tellp() == 0) write_bytes(file, header_record());
  write_bytes(file, tf_record(event));
  file.close();
  if (!file) {
    throw SystemError(path_ + ": cannot append: " + system_message(errno) +
                      (errno == EFBIG ? "; raise the limit of file sizes (ulimit -f)"
                                      : "; free some space, or choose a folder you may write to"));
  }
}

std::int64_t EventFile::truncate(std::int64_t last_step) const {
  std::error_code missing;
  if (!std::filesystem::exists(path_, missing)) return 0;
  const std::vector<std::uint8_t> bytes = read_file(path_, kLargestEventFile);
  const KeptEvents kept = kept_events(bytes, last_step);
  if (kept.size == bytes.size()) return kept.last_step;
  std::error_code failure;
  std::filesystem::resize_file(path_, kept.size, failure);
  if (failure) throw SystemError(path_ + ": cannot truncate: " + failure.message() + "; check the folder's permissions");
  return kept.last_step;
}

}  // namespace fovea
