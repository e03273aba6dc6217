#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <fovea/image/image.h>

namespace fovea {

inline constexpr int kMaximumAnimationSide = 16383;  ///< limit of the format

struct AnimationState;

/// Encoder of an animated WebP, lossless and in an endless loop. A frame that equals the one before extends its duration;
/// with a single distinct frame the file is a still picture without duration. Compressed for speed; the same frames give the
/// same bytes.
class Animation {
 public:
  Animation();
  Animation(Animation&&) noexcept;
  Animation& operator=(Animation&&) noexcept;
  ~Animation();

  /// Appends a frame. @param frame [H, W, C] with C = 1 or 3, all of one size.
  /// @param milliseconds duration, at least 1.
  /// @throws InputError for a frame of another size or kind; SystemError when the encoder fails, e.g. for lack of memory.
  void add(const Image& frame, int milliseconds);

  /// Bytes of the file; no frame can be added afterwards. @throws InputError without frames, SystemError.
  std::vector<std::uint8_t> finish();

  /// Writes finish() to a file; an existing file is replaced atomically. The directory must exist.
  /// @throws as finish and write_file_atomically do.
  void write(const std::string& path);

 private:
  std::unique_ptr<AnimationState> state_;
};

}  // namespace fovea
