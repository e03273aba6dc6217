#include <fovea/train/epoch_record.h>

namespace fovea {
namespace {

Json number_or_null(const std::optional<double>& number) {
  return number ? Json(*number) : Json(nullptr);
}

}  // namespace

Json to_json(const EpochRecord& record) {
  return {{"epoch", record.epoch},
          {"train_loss", record.train_loss},
          {"train_top1", record.train_top1},
          {"val_loss", number_or_null(record.val_loss)},
          {"val_top1", number_or_null(record.val_top1)},
          {"learning_rate", record.learning_rate},
          {"images_per_second", record.images_per_second},
          {"seconds", record.seconds}};
}

std::vector<std::pair<std::string, double>> to_scalars(const EpochRecord& record) {
  std::vector<std::pair<std::string, double>> scalars = {{"loss/train", record.train_loss},
                                                         {"top1/train", record.train_top1},
                                                         {"learning_rate", record.learning_rate},
                                                         {"images_per_second", record.images_per_second}};
  if (record.val_loss) scalars.emplace_back("loss/val", *record.val_loss);
  if (record.val_top1) scalars.emplace_back("top1/val", *record.val_top1);
  return scalars;
}

}  // namespace fovea
