#include <fovea/base/error.h>
#include <fovea/train/train_options.h>

namespace fovea {

void TrainOptions::visit_fields(FieldVisitor& fields) {
  fields.integer("epochs", epochs, {1, 1'000'000}, "passes over the training images");
  fields.integer("batch_size", batch_size, {1, 1 << 20}, "images per update");
  fields.integer("shards", shards, {1, 256},
                 "parts of a batch, at least 32 images each, that threads compute; changes the result");
  fields.custom("optimizer", optimizer, "sgd or adamw, with its options");
  fields.custom("schedule", schedule, "cosine, step or constant, with its options");
  fields.real("label_smoothing", label_smoothing, kFractionBelowOne, "share of the target spread over all classes");
  fields.real("clip_norm", clip_norm, kNonNegative, "largest norm of the whole gradient; 0 = no limit");
  fields.real("checkpoint_seconds", checkpoint_seconds, kPositive, "longest time between two checkpoints");
}

void TrainOptions::validate() const {
  optimizer->validate();
  if (schedule->warmup_epochs > static_cast<double>(epochs)) {
    throw InputError("train.schedule.warmup_epochs", "at most train.epochs, " + std::to_string(epochs),
                     Json(schedule->warmup_epochs).dump(), "shorten the warm-up or train longer");
  }
}

}  // namespace fovea
