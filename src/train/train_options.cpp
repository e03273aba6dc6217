#include <fovea/base/error.h>
#include <fovea/train/train_options.h>

namespace fovea {

void TrainOptions::set_choices(ChoiceKind kind) {
  choices = kind;
  if (kind != ChoiceKind::none) policy = policy_field(kind);
}

void TrainOptions::visit_fields(FieldVisitor& fields) {
  fields.integer("epochs", epochs, {1, 1'000'000}, "passes over the training images");
  fields.integer("batch_size", batch_size, {1, 1 << 20}, "images per batch");
  fields.integer("accumulate", accumulate, {1, 1 << 20}, "batches per update (gradient accumulation)");
  fields.integer("shards", shards, {1, 256},
                 "ghost batches per batch, of at least 32 images each, computed in parallel; changes the result");
  fields.custom("optimizer", optimizer, "optimizer, with its options");
  fields.custom("schedule", schedule, "learning-rate schedule, with its options");
  fields.real("label_smoothing", label_smoothing, kFractionBelowOne,
              "fraction of the target that is spread over all classes");
  fields.custom("class_weights", class_weights, "weights of the classes in the loss");
  if (choices != ChoiceKind::none) {
    fields.custom("policy", policy,
                  {"policy gradient estimator of the choices, for networks with hard choices", FieldRole::hard_choices});
  }
  if (choices == ChoiceKind::locations) {
    fields.choice("step_loss", step_loss, {{"linear", StepLoss::linear}, {"last", StepLoss::last}},
                  {"loss weights of the steps, for networks that take glimpses: linear from 0 at the first step to the "
                   "largest at the last, "
                   "or last alone",
                   FieldRole::hard_choices});
  }
  fields.real("clip_norm", clip_norm, kNonNegativeFactor,
              "largest norm of the whole gradient (gradient clipping); 0 = no limit");
  fields.optional_real("ema_decay", ema_decay, kFractionBelowOne,
                       "decay of a moving average of the weights, which is then evaluated and saved");
  fields.integer("early_stopping_epochs", early_stopping_epochs, {0, 1'000'000},
                 "epochs without improvement on validation before training stops; 0 = never");
  fields.group("init", init, "initial weights from a file");
  fields.texts("freeze", freeze, "frozen layers: names or patterns of modules or parameters; * stands for any characters");
  fields.custom("layer_rates", layer_rates, "learning-rate multipliers of some layers");
  fields.real("checkpoint_seconds", checkpoint_seconds, kPositive,
              {"seconds between checkpoints within an epoch", FieldRole::effort});
}

void TrainOptions::validate() const {
  optimizer->validate();
  if (early_stopping_epochs >= epochs) {
    throw InputError("train.early_stopping_epochs", "fewer than train.epochs, " + std::to_string(epochs),
                     std::to_string(early_stopping_epochs), "train longer or set it to 0");
  }
  init.validate();
  schedule->validate(epochs);
  if (choices != ChoiceKind::none) policy->validate(epochs);
}

}  // namespace fovea
