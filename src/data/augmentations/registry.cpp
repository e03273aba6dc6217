#include <fovea/data/augmentations/color_jitter.h>
#include <fovea/data/augmentations/cutmix.h>
#include <fovea/data/augmentations/erasing.h>
#include <fovea/data/augmentations/horizontal_flip.h>
#include <fovea/data/augmentations/mixup.h>
#include <fovea/data/augmentations/pad_crop.h>
#include <fovea/data/augmentations/rand_augment.h>
#include <fovea/data/augmentations/random_resized_crop.h>
#include <fovea/data/augmentations/registry.h>
#include <fovea/data/augmentations/vertical_flip.h>

namespace fovea {
namespace {

template <typename Type>
std::unique_ptr<Augmentation> make_augmentation() {
  return std::make_unique<Type>();
}

template <typename Type>
std::unique_ptr<Augmentation> copy_augmentation(const Augmentation& original) {
  return std::make_unique<Type>(dynamic_cast<const Type&>(original));
}

}  // namespace

const std::vector<AugmentationRow>& augmentation_registry() {
  static const std::vector<AugmentationRow> rows{
      {.name = "random_resized_crop",
       .title = "Going Deeper with Convolutions",
       .arxiv = "1409.4842",
       .help = "random crop of random area and aspect, resized to the input size",
       .make = make_augmentation<RandomResizedCrop>,
       .copy = copy_augmentation<RandomResizedCrop>},
      {.name = "pad_crop",
       .title = "Deep Residual Learning for Image Recognition",
       .arxiv = "1512.03385",
       .help = "random crop of the original size after padding with black",
       .make = make_augmentation<PadCrop>,
       .copy = copy_augmentation<PadCrop>},
      {.name = "flip",
       .title = "Return of the Devil in the Details: Delving Deep into Convolutional Nets",
       .arxiv = "1405.3531",
       .help = "random horizontal flip",
       .make = make_augmentation<HorizontalFlip>,
       .copy = copy_augmentation<HorizontalFlip>},
      {.name = "vertical_flip",
       .title = "Rotation-invariant convolutional neural networks for galaxy morphology prediction",
       .arxiv = "1503.07077",
       .help = "random vertical flip, for images without an upright orientation",
       .make = make_augmentation<VerticalFlip>,
       .copy = copy_augmentation<VerticalFlip>},
      {.name = "rand_augment",
       .title = "RandAugment: Practical automated data augmentation with a reduced search space",
       .arxiv = "1909.13719",
       .help = "random operations of one magnitude, drawn from fourteen",
       .make = make_augmentation<RandAugment>,
       .copy = copy_augmentation<RandAugment>},
      {.name = "color_jitter",
       .title = "Some Improvements on Deep Convolutional Neural Network Based Image Classification",
       .arxiv = "1312.5402",
       .help = "random brightness, contrast, saturation and hue",
       .make = make_augmentation<ColorJitter>,
       .copy = copy_augmentation<ColorJitter>},
      {.name = "erasing",
       .title = "Random Erasing Data Augmentation",
       .arxiv = "1708.04896",
       .help = "random rectangle replaced by the mean or by noise",
       .make = make_augmentation<Erasing>,
       .copy = copy_augmentation<Erasing>},
      {.name = "mixup",
       .title = "mixup: Beyond Empirical Risk Minimization",
       .arxiv = "1710.09412",
       .help = "blend of two images of a batch and of their labels",
       .make = make_augmentation<Mixup>,
       .copy = copy_augmentation<Mixup>},
      {.name = "cutmix",
       .title = "CutMix: Regularization Strategy to Train Strong Classifiers with Localizable Features",
       .arxiv = "1905.04899",
       .help = "rectangle pasted from another image of the batch; labels weighted by area",
       .make = make_augmentation<CutMix>,
       .copy = copy_augmentation<CutMix>},
  };
  return rows;
}

}  // namespace fovea
