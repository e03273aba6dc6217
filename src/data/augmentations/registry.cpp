#include <fovea/data/augmentations/color_jitter.h>
#include <fovea/data/augmentations/cutmix.h>
#include <fovea/data/augmentations/erasing.h>
#include <fovea/data/augmentations/flip.h>
#include <fovea/data/augmentations/mixup.h>
#include <fovea/data/augmentations/pad_crop.h>
#include <fovea/data/augmentations/rand_augment.h>
#include <fovea/data/augmentations/random_resized_crop.h>
#include <fovea/data/augmentations/registry.h>
#include <fovea/data/augmentations/vertical_flip.h>

namespace fovea {
namespace {

template <typename Type>
AugmentationRow augmentation_row(const char* name, const char* title, const char* arxiv, const char* help) {
  return {name,
          title,
          arxiv,
          help,
          [] { return std::make_unique<Type>(); },
          [](const Augmentation& original) { return std::make_unique<Type>(dynamic_cast<const Type&>(original)); }};
}

}  // namespace

const std::vector<AugmentationRow>& augmentation_registry() {
  static const std::vector<AugmentationRow> rows{
      augmentation_row<RandomResizedCrop>("random_resized_crop", "Going Deeper with Convolutions", "1409.4842",
                                          "part of the photo, of random area and shape, resized to the input's size"),
      augmentation_row<PadCrop>("pad_crop", "Deep Residual Learning for Image Recognition", "1512.03385",
                                "random crop of the old size after padding with black"),
      augmentation_row<Flip>("flip", "Return of the Devil in the Details: Delving Deep into Convolutional Nets", "1405.3531",
                             "left and right swapped"),
      augmentation_row<VerticalFlip>("vertical_flip",
                                     "Rotation-invariant convolutional neural networks for galaxy morphology prediction",
                                     "1503.07077", "top and bottom swapped, for images without an up"),
      augmentation_row<RandAugment>("rand_augment",
                                    "RandAugment: Practical automated data augmentation with a reduced search space",
                                    "1909.13719", "operations of one magnitude, drawn from fourteen"),
      augmentation_row<ColorJitter>("color_jitter",
                                    "Some Improvements on Deep Convolutional Neural Network Based Image Classification",
                                    "1312.5402", "random brightness, contrast, saturation and hue"),
      augmentation_row<Erasing>("erasing", "Random Erasing Data Augmentation", "1708.04896",
                                "a random rectangle blotted out"),
      augmentation_row<Mixup>("mixup", "mixup: Beyond Empirical Risk Minimization", "1710.09412",
                              "two pictures of a batch blended, and their labels with them"),
      augmentation_row<CutMix>("cutmix",
                               "CutMix: Regularization Strategy to Train Strong Classifiers with Localizable Features",
                               "1905.04899", "a rectangle of another picture of the batch pasted in, labels by area"),
  };
  return rows;
}

}  // namespace fovea
