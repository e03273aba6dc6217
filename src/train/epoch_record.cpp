#include <limits>

#include <fovea/base/error.h>
#include <fovea/config/number_or_null.h>
#include <fovea/train/epoch_record.h>

namespace fovea {
namespace {

std::optional<double> number_of(const Json& value) {
  return value.is_number() ? std::optional(value.get<double>()) : std::nullopt;
}

/// The fields of a record by their keys in metrics.jsonl.
template <typename Record, typename Number, typename OptionalNumber>
void visit_numbers(Record& record, const Number& number, const OptionalNumber& optional_number) {
  number("train_loss", record.train_loss);
  number("train_top1", record.train_top1);
  optional_number("val_loss", record.val_loss);
  optional_number("val_top1", record.val_top1);
  number("learning_rate", record.learning_rate);
  number("images_per_second", record.images_per_second);
  number("seconds", record.seconds);
}

}  // namespace

Json to_json(const EpochRecord& record) {
  Json line = {{"epoch", record.epoch}};
  visit_numbers(
      record, [&](const char* key, double number) { line[key] = number; },
      [&](const char* key, const std::optional<double>& number) { line[key] = number_or_null(number); });
  for (const auto& [name, mean] : record.parts) line[name] = number_or_null(mean);
  return line;
}

EpochRecord read_epoch_record(const Json& line) {
  const auto epoch = line.is_object() ? line.find("epoch") : line.end();
  if (epoch == line.end() || !epoch->is_number_integer() || epoch->get<std::int64_t>() < 1) {
    const std::string got = line.is_discarded() ? "other text" : line.dump(-1, ' ', false, Json::error_handler_t::replace);
    throw InputError("metrics of an epoch", "a JSON object with an epoch >= 1", got, "the file is damaged");
  }
  EpochRecord record;
  Json rest = line;
  const auto take = [&rest](const char* key) {
    const std::optional<double> number = number_of(rest.value(key, Json()));
    rest.erase(key);
    return number;
  };
  record.epoch = epoch->get<std::int64_t>();
  rest.erase("epoch");
  visit_numbers(
      record,
      [&](const char* key, double& number) { number = take(key).value_or(std::numeric_limits<double>::quiet_NaN()); },
      [&](const char* key, std::optional<double>& number) { number = take(key); });
  for (const auto& [name, mean] : rest.items()) {
    if (mean.is_number() || mean.is_null()) record.parts[name] = number_of(mean);
  }
  return record;
}

std::vector<std::pair<std::string, double>> to_scalars(const EpochRecord& record) {
  std::vector<std::pair<std::string, double>> scalars = {{"loss/train", record.train_loss},
                                                         {"top1/train", record.train_top1},
                                                         {"learning_rate", record.learning_rate},
                                                         {"images_per_second", record.images_per_second}};
  if (record.val_loss) scalars.emplace_back("loss/val", *record.val_loss);
  if (record.val_top1) scalars.emplace_back("top1/val", *record.val_top1);
  for (const auto& [name, mean] : record.parts) {
    if (mean) scalars.emplace_back("train/" + name, *mean);
  }
  return scalars;
}

}  // namespace fovea
