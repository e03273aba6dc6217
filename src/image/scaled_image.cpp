#include <algorithm>
#include <utility>

#include <opencv2/core.hpp>
#include <opencv2/imgproc.hpp>

#include <fovea/base/error.h>
#include <fovea/image/internal/matrix.h>
#include <fovea/image/scaled_image.h>
#include <fovea/image/size_text.h>

namespace fovea {

Image scaled_image(const Image& image, int height, int width, Scaling scaling) {
  expect_valid(image, "scaled_image");
  Image result(height, width, image.channels);
  cv::Mat target = matrix_over(result);
  const cv::Mat source = matrix_over(image);
  const cv::Size size(width, height);
  try {
    if (scaling == Scaling::nearest) {
      cv::resize(source, target, size, 0, 0, cv::INTER_NEAREST_EXACT);
      return result;
    }
    // Shrinking directions are averaged first, because INTER_AREA does not enlarge.
    const cv::Size shrunk(std::min(width, image.width), std::min(height, image.height));
    cv::Mat averaged = source;
    if (shrunk != source.size()) cv::resize(source, averaged, shrunk, 0, 0, cv::INTER_AREA);
    if (size == shrunk) {
      averaged.copyTo(target);
    } else {
      cv::resize(averaged, target, size, 0, 0, cv::INTER_LINEAR);
    }
    return result;
  } catch (const cv::Exception&) {
    throw SystemError("no memory for a picture of " + pixels_text(height, width));
  }
}

}  // namespace fovea
