#include <utility>

#include <fovea/explain/glimpses.h>
#include <fovea/explain/grad_cam.h>
#include <fovea/explain/method.h>
#include <fovea/explain/own_attention.h>
#include <fovea/options/find_row.h>

namespace fovea {

namespace {

bool takes_glimpses(const Classifier& classifier) {
  return classifier.takes_glimpses();
}

/// The maps of a glimpse network's layers do not cover the image.
bool reads_whole_images(const Classifier& classifier) {
  return !classifier.takes_glimpses();
}

std::deque<MethodRow>& method_rows() {
  static std::deque<MethodRow> rows = {
      {.name = "attention",
       .title = "the network's own attention",
       .arxiv = "",
       .help = "spatial attention as maps, channel attention as bars; one forward pass",
       .explains_class = false,
       .shows = reads_whole_images,
       .explain = explain_by_attention},
      {.name = "glimpses",
       .title = "Recurrent Models of Visual Attention",
       .arxiv = "1406.6247",
       .help = "fixations of a network with hard attention, with its patches and class probabilities at each step",
       .explains_class = true,
       .shows = takes_glimpses,
       .explain = explain_by_glimpses},
      {.name = "gradcam",
       .title = "Grad-CAM: Visual Explanations from Deep Networks via Gradient-based Localization",
       .arxiv = "1610.02391",
       .help = "features weighted by the class score's mean gradient; for any network that reads the whole image",
       .explains_class = true,
       .shows = reads_whole_images,
       .explain = explain_by_grad_cam},
  };
  return rows;
}

}  // namespace

const std::deque<MethodRow>& method_registry() {
  return method_rows();
}

const MethodRow& register_method(MethodRow row) {
  const std::string where = "register_method";
  expect_functions({row.explain != nullptr}, row.name, where);
  return add_row(method_rows(), std::move(row), where);
}

const MethodRow& find_method(const std::string& name, const std::string& origin) {
  return find_row(method_registry(), name, origin, "a method", "methods");
}

std::vector<LayerMap> list_layers(const MethodRow& method, Classifier& classifier, const InputSpec& input,
                                  const LayerFilter& wanted) {
  if (method.shows && !method.shows(classifier)) return {};
  return method.explain(classifier, blank_image(classifier, input), wanted, {}).maps;
}

}  // namespace fovea
