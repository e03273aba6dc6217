#include <fovea/base/error.h>
#include <fovea/base/torch_compat.h>
#include <fovea/models/model_field.h>
#include <fovea/nn/initialise.h>
#include <fovea/weights/state_dict.h>

namespace fovea {
namespace {

/// Keys of `model` besides its name.
struct ModelFields {
  explicit ModelFields(ModelField& target) : model(target) {}
  ModelField& model;

  void visit_fields(FieldVisitor& fields) {
    fields.custom("attention", model.attention, "none, a mechanism, or a list of {name, at, stages, options}");
    model.options->visit_fields(fields);
  }
};

}  // namespace

void ModelField::read(const ConfigNode& value, const std::string& path) {
  const SectionName section = section_name(value, path);
  row = &find_model(section.name, section.where);
  options = row->make_options();
  attention.read(parse_yaml(row->attention, row->name), "attention");
  if (!section.has_options) return;
  ModelFields fields(*this);
  read_fields(fields, value, path, {"name"});
}

Json ModelField::write() {
  Json map = {{"name", row->name}};
  ModelFields fields(*this);
  map.update(write_fields(fields));
  return map;
}

std::vector<NamedFields> ModelField::implementations() const {
  std::vector<NamedFields> implementations;
  for (const ModelRow& known : model_registry()) {
    implementations.push_back({known.name, describe_fields(*known.make_options())});
  }
  return implementations;
}

std::shared_ptr<Classifier> build_classifier(const ModelField& model, const InputSpec& input) {
  ConfiguredAttention attention(model.attention);
  auto classifier = model.row->build(*model.options, input, attention);
  attention.expect_all_inserted(model.row->name);
  return classifier;
}

std::shared_ptr<Classifier> build_without_weights(const ModelField& model, const InputSpec& input) {
  const SkipInitialisation skip;
  return build_classifier(model, input);
}

std::shared_ptr<Classifier> build_without_draws(const ModelField& model, const InputSpec& input) {
  const SkipDraws skip;
  return build_classifier(model, input);
}

std::shared_ptr<Classifier> build_for_weights(const ModelField& model, const InputSpec& input, const WeightsSize& size,
                                              const std::string& path, const std::string& advice) {
  constexpr std::int64_t kAlwaysAllowedBytes = std::int64_t{1} << 20;
  constexpr std::int64_t kAlwaysAllowedTensors = 2000;
  const compat::AllocationLimit limit(4 * size.bytes + kAlwaysAllowedBytes, 4 * size.tensors + kAlwaysAllowedTensors, path,
                                      advice);
  try {
    return build_without_draws(model, input);
  } catch (const c10::Error&) {  // one allocation beyond the machine's memory
    throw InputError(path, "a description of a network that fits into memory", "a larger one", advice);
  }
}

LoadedModel load_model_file(const std::string& path) {
  const SafetensorsFile file(path);
  LoadedModel loaded{nullptr, read_description(file.metadata(), path)};
  ModelField model;
  model.read(loaded.description.model, "model");
  loaded.classifier =
      build_for_weights(model, loaded.description.input, {static_cast<std::int64_t>(file.names().size()), file.data_bytes()},
                        path, "the file is damaged or was tampered with");
  load_state_dict(*loaded.classifier, file.tensors(), path);
  loaded.classifier->eval();
  return loaded;
}

}  // namespace fovea
