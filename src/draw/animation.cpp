#include <algorithm>
#include <string>
#include <utility>
#include <webp/encode.h>
#include <webp/mux.h>

#include <fovea/base/error.h>
#include <fovea/base/file.h>
#include <fovea/draw/animation.h>
#include <fovea/image/decode.h>
#include <fovea/image/size_text.h>

namespace fovea {

struct AnimationState {
  struct Deleter {
    void operator()(WebPAnimEncoder* encoder) const { WebPAnimEncoderDelete(encoder); }
  };
  std::unique_ptr<WebPAnimEncoder, Deleter> encoder;
  int height = 0;
  int width = 0;
  int milliseconds = 0;  // of all frames so far; start of the next one
};

namespace {

SystemError encoder_error(const std::string& reason) {
  return SystemError("animation: cannot encode the frames: " + reason);
}

/// A frame in the format of the encoder.
class Picture {
 public:
  explicit Picture(const Image& frame) {
    if (WebPPictureInit(&picture_) == 0) throw encoder_error("another version of libwebp than at build time");
    picture_.use_argb = 1;  // the other form, YUV, would lose colours
    picture_.height = frame.height;
    picture_.width = frame.width;
    const Image rgb = to_channels(frame, 3);
    if (WebPPictureImportRGB(&picture_, rgb.pixels.data(), 3 * rgb.width) == 0) throw encoder_error("no memory");
  }
  Picture(const Picture&) = delete;
  Picture& operator=(const Picture&) = delete;
  ~Picture() { WebPPictureFree(&picture_); }

  WebPPicture* get() { return &picture_; }

 private:
  WebPPicture picture_;
};

WebPConfig lossless_config() {
  constexpr int kFast = 1;  // of 0 to 9; the next ones take twice the time for a few percent of the bytes
  WebPConfig config;
  if (WebPConfigInit(&config) == 0 || WebPConfigLosslessPreset(&config, kFast) == 0) {
    throw encoder_error("another version of libwebp than at build time");
  }
  return config;
}

WebPAnimEncoder* new_encoder(int height, int width) {
  WebPAnimEncoderOptions options;
  WebPAnimEncoderOptionsInit(&options);
  options.anim_params.loop_count = 0;  // endless
  options.kmax = 0;                    // every frame but the first stores only what changed
  WebPAnimEncoder* encoder = WebPAnimEncoderNew(width, height, &options);
  if (encoder == nullptr) throw encoder_error("no memory");
  return encoder;
}

void expect_frame(const Image& frame, const AnimationState& state) {
  const bool encodable = (frame.channels == 1 || frame.channels == 3) && std::min(frame.height, frame.width) >= 1 &&
                         std::max(frame.height, frame.width) <= kMaximumAnimationSide;
  if (!encodable) {
    throw InputError("animation",
                     "frames of 1 or 3 channels and sides of 1 to " + std::to_string(kMaximumAnimationSide) + " pixels",
                     shape_text(frame) + " (height x width x channels)");
  }
  if (state.encoder && (frame.height != state.height || frame.width != state.width)) {
    throw InputError("animation", "frames of one size, " + size_text(state.height, state.width),
                     shape_text(frame) + " (height x width x channels)");
  }
}

}  // namespace

Animation::Animation() : state_(std::make_unique<AnimationState>()) {}
Animation::Animation(Animation&&) noexcept = default;
Animation& Animation::operator=(Animation&&) noexcept = default;
Animation::~Animation() = default;

void Animation::add(const Image& frame, int milliseconds) {
  expect_frame(frame, *state_);
  if (milliseconds < 1) throw InputError("animation", "a frame to be shown for 1 ms or more", std::to_string(milliseconds));
  if (!state_->encoder) {
    state_->encoder.reset(new_encoder(frame.height, frame.width));
    state_->height = frame.height;
    state_->width = frame.width;
  }
  Picture picture(frame);
  const WebPConfig config = lossless_config();
  if (WebPAnimEncoderAdd(state_->encoder.get(), picture.get(), state_->milliseconds, &config) == 0) {
    throw encoder_error(WebPAnimEncoderGetError(state_->encoder.get()));
  }
  state_->milliseconds += milliseconds;
}

std::vector<std::uint8_t> Animation::finish() {
  if (!state_->encoder) throw InputError("animation", "at least one frame", "none");
  WebPAnimEncoder* encoder = state_->encoder.get();
  WebPData file;
  WebPDataInit(&file);
  // An empty frame marks the end of the last one.
  if (WebPAnimEncoderAdd(encoder, nullptr, state_->milliseconds, nullptr) == 0 ||
      WebPAnimEncoderAssemble(encoder, &file) == 0) {
    throw encoder_error(WebPAnimEncoderGetError(encoder));
  }
  std::vector<std::uint8_t> bytes(file.bytes, file.bytes + file.size);
  WebPDataClear(&file);
  return bytes;
}

void Animation::write(const std::string& path) {
  const std::vector<std::uint8_t> bytes = finish();
  write_file_atomically(path, [&bytes](FileWriter& file) { file.write(bytes.data(), bytes.size()); });
}

}  // namespace fovea
