#include <algorithm>
#include <utility>

#include <fovea/base/error.h>
#include <fovea/data/internal/forwarding_dataset.h>
#include <fovea/data/relabelled_dataset.h>

namespace fovea {
namespace {

class RelabelledDataset final : public ForwardingDataset {
 public:
  /// @param labels the new label of each of the data set's classes.
  RelabelledDataset(std::shared_ptr<const Dataset> dataset, std::vector<std::int64_t> labels,
                    std::vector<std::string> class_names)
      : ForwardingDataset(std::move(dataset)), labels_(std::move(labels)), class_names_(std::move(class_names)) {}

  Sample sample(std::int64_t index) const override { return renamed(forwarded().sample(index)); }
  Sample training_sample(std::int64_t index, const RandomStream& stream) const override {
    return renamed(forwarded().training_sample(index, stream));
  }
  std::int64_t label(std::int64_t index) const override {
    return labels_[static_cast<std::size_t>(forwarded().label(index))];
  }
  const std::vector<std::string>& class_names() const override { return class_names_; }

 private:
  Sample renamed(Sample sample) const {
    sample.label = labels_[static_cast<std::size_t>(sample.label)];
    return sample;
  }

  std::vector<std::int64_t> labels_;
  std::vector<std::string> class_names_;
};

}  // namespace

std::shared_ptr<const Dataset> relabelled_dataset(std::shared_ptr<const Dataset> dataset,
                                                  const std::vector<std::string>& class_names,
                                                  const std::vector<std::string>& names) {
  if (dataset->class_names() == class_names) return dataset;
  std::vector<std::int64_t> labels;
  for (const std::string& name : names.empty() ? dataset->class_names() : names) {
    const auto found = std::find(class_names.begin(), class_names.end(), name);
    if (found == class_names.end()) {
      const std::string example = class_names.empty() ? "" : " (" + class_names.front() + ", ...)";
      throw InputError("data", "the model's " + std::to_string(class_names.size()) + " classes" + example,
                       "a class '" + name + "'", "choose a data set with the classes that the model was trained on");
    }
    labels.push_back(found - class_names.begin());
  }
  return std::make_shared<RelabelledDataset>(std::move(dataset), std::move(labels), class_names);
}

}  // namespace fovea
