#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <fovea/image/image.h>

namespace fovea {

inline constexpr int kMaximumAnimationSide = 16383;  ///< of the format

struct AnimationState;

/// An animated WebP in the making: without loss, shown for ever. A frame that equals the one before lengthens that one;
/// where only one is left, the file is a still picture, and how long it was to be shown is lost. Compressed for speed; the
/// same frames give the same bytes.
class Animation {
 public:
  Animation();
  Animation(Animation&&) noexcept;
  Animation& operator=(Animation&&) noexcept;
  ~Animation();

  /// Compresses a frame behind those that are there. @param frame [H, W, C] with C = 1 or 3, all of one size.
  /// @param milliseconds how long it is shown, at least 1.
  /// @throws InputError for a frame of another size or kind; SystemError when the encoder fails, e.g. for lack of memory.
  void add(const Image& frame, int milliseconds);

  /// The file of all frames; nothing can be added afterwards. @throws InputError without frames, SystemError.
  std::vector<std::uint8_t> finish();

  /// finish(), into a file, replacing an old one in one step. The folder must exist.
  /// @throws as finish and write_file_atomically do.
  void write(const std::string& path);

 private:
  std::unique_ptr<AnimationState> state_;
};

}  // namespace fovea
