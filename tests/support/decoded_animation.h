#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>
#include <webp/demux.h>

#include <fovea/image/image.h>

namespace fovea {

/// An animated WebP as libwebp's own decoder reads it.
struct DecodedAnimation {
  std::vector<Image> frames;  ///< RGB
  std::vector<int> ends;      ///< in ms since the start
  std::uint32_t loops = 1;    ///< 0: for ever
};

/// Decodes as many frames as possible.
inline DecodedAnimation decoded_animation(const std::vector<std::uint8_t>& bytes) {
  const WebPData data{bytes.data(), bytes.size()};
  const std::unique_ptr<WebPAnimDecoder, void (*)(WebPAnimDecoder*)> decoder(WebPAnimDecoderNew(&data, nullptr),
                                                                             WebPAnimDecoderDelete);
  DecodedAnimation animation;
  WebPAnimInfo info;
  if (!decoder || WebPAnimDecoderGetInfo(decoder.get(), &info) == 0) return animation;
  animation.loops = info.loop_count;
  while (WebPAnimDecoderHasMoreFrames(decoder.get()) != 0) {
    std::uint8_t* rgba = nullptr;
    int end = 0;
    if (WebPAnimDecoderGetNext(decoder.get(), &rgba, &end) == 0) break;
    Image image(static_cast<int>(info.canvas_height), static_cast<int>(info.canvas_width), 3);
    for (std::size_t i = 0; i < image.pixels.size(); ++i) image.pixels[i] = rgba[i / 3 * 4 + i % 3];
    animation.frames.push_back(image);
    animation.ends.push_back(end);
  }
  return animation;
}

}  // namespace fovea
