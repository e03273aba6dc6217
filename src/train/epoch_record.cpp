#include <fovea/config/number_or_null.h>
#include <fovea/train/epoch_record.h>

namespace fovea {
Json to_json(const EpochRecord& record) {
  Json line = {{"epoch", record.epoch},
               {"train_loss", record.train_loss},
               {"train_top1", record.train_top1},
               {"val_loss", number_or_null(record.val_loss)},
               {"val_top1", number_or_null(record.val_top1)},
               {"learning_rate", record.learning_rate},
               {"images_per_second", record.images_per_second},
               {"seconds", record.seconds}};
  for (const auto& [name, mean] : record.parts) line[name] = number_or_null(mean);
  return line;
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
