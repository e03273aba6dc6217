#include <fovea/run/prediction.h>

namespace fovea {

Json to_json(const ClassProbability& probability) {
  return {{"class", probability.label}, {"name", probability.name}, {"probability", probability.probability}};
}

Json to_json(const Prediction& prediction) {
  Json classes = Json::array();
  for (const ClassProbability& probability : prediction.classes) classes.push_back(to_json(probability));
  return classes;
}

Json to_json(const Prediction& prediction, const std::string& image) {
  return {{"image", image}, {"topk", to_json(prediction)}};
}

}  // namespace fovea
