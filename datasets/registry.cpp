#include <fovea/config/find_row.h>
#include <fovea/datasets/cifar.h>
#include <fovea/datasets/image_folder.h>
#include <fovea/datasets/mnist.h>
#include <fovea/datasets/registry.h>

namespace fovea {
namespace {

constexpr const char* kCifarReference =
    "A. Krizhevsky, Learning Multiple Layers of Features from Tiny Images, technical report, University of Toronto, 2009";
constexpr const char* kCifarLicence = "no licence stated by the authors";

// The means and deviations of MNIST and Fashion-MNIST are computed over the 60000 x 784 training pixels, without padding.

DatasetRow fashion_mnist_row() {
  return {
      .name = "fashion_mnist",
      .title = "Fashion-MNIST (Xiao, Rasul and Vollgraf, 2017)",
      .arxiv = "1708.07747",
      .reference = "",
      .licence = "MIT",
      .size = "60 000 + 10 000 grey images, 28 x 28; 31 MB",
      .obtain = "apt install dataset-fashion-mnist",
      .mean = {0.2860},
      .standard_deviation = {0.3530},
      .make_options = [] { return std::make_unique<MnistOptions>("/usr/share/datasets/fashion-mnist"); },
      .open =
          [](const Options& options, Split split) {
            return open_mnist(dynamic_cast<const MnistOptions&>(options).root, split, fashion_mnist_class_names(),
                              "install it with 'apt install dataset-fashion-mnist', or set data.root");
          },
  };
}

DatasetRow mnist_row() {
  return {
      .name = "mnist",
      .title = "MNIST handwritten digits (LeCun, Cortes and Burges, 1998)",
      .arxiv = "",
      .reference =
          "Y. LeCun, L. Bottou, Y. Bengio and P. Haffner, Gradient-Based Learning Applied to Document Recognition, "
          "Proceedings of the IEEE 86(11), 1998",
      .licence = "CC BY-SA 3.0",
      .size = "60 000 + 10 000 grey images, 28 x 28; 12 MB",
      .obtain = "tools/download.sh mnist",
      .mean = {0.1307},
      .standard_deviation = {0.3081},
      .make_options = [] { return std::make_unique<MnistOptions>("data/mnist"); },
      .open =
          [](const Options& options, Split split) {
            return open_mnist(dynamic_cast<const MnistOptions&>(options).root, split, mnist_class_names(),
                              "fetch it with tools/download.sh mnist, or set data.root");
          },
  };
}

DatasetRow cifar10_row() {
  return {
      .name = "cifar10",
      .title = "CIFAR-10 (Krizhevsky, Nair and Hinton, 2009)",
      .arxiv = "",
      .reference = kCifarReference,
      .licence = kCifarLicence,
      .size = "50 000 + 10 000 RGB images, 32 x 32; 170 MB",
      .obtain = "tools/download.sh cifar10",
      .mean = {0.4914, 0.4822, 0.4465},
      .standard_deviation = {0.2470, 0.2435, 0.2616},
      .make_options = [] { return std::make_unique<Cifar10Options>(); },
      .open = [](const Options& options,
                 Split split) { return open_cifar10(dynamic_cast<const Cifar10Options&>(options), split); },
  };
}

DatasetRow cifar100_row() {
  return {
      .name = "cifar100",
      .title = "CIFAR-100 (Krizhevsky, Nair and Hinton, 2009)",
      .arxiv = "",
      .reference = kCifarReference,
      .licence = kCifarLicence,
      .size = "50 000 + 10 000 RGB images, 32 x 32; 169 MB",
      .obtain = "tools/download.sh cifar100",
      .mean = {0.5071, 0.4865, 0.4409},
      .standard_deviation = {0.2673, 0.2564, 0.2762},
      .make_options = [] { return std::make_unique<Cifar100Options>(); },
      .open = [](const Options& options,
                 Split split) { return open_cifar100(dynamic_cast<const Cifar100Options&>(options), split); },
  };
}

DatasetRow image_folder_row() {
  return {
      .name = "image_folder",
      .title = "Your own images: a folder per class",
      .arxiv = "",
      .reference = "the layout of torchvision's ImageFolder",
      .licence = "that of your images",
      .size = "any number of images of any size",
      .obtain = "set data.root, preprocess.resize and preprocess.crop",
      .mean = {0.485, 0.456, 0.406},  // of ImageNet, as torchvision and timm have them
      .standard_deviation = {0.229, 0.224, 0.225},
      .photos = true,
      .make_options = [] { return std::make_unique<ImageFolderOptions>(); },
      .open = [](const Options& options,
                 Split split) { return open_image_folder(dynamic_cast<const ImageFolderOptions&>(options), split); },
  };
}

}  // namespace

const std::vector<DatasetRow>& dataset_registry() {
  static const std::vector<DatasetRow> rows = {fashion_mnist_row(), mnist_row(), cifar10_row(), cifar100_row(),
                                               image_folder_row()};
  return rows;
}

const DatasetRow& find_dataset(const std::string& name, const std::string& origin) {
  return find_row(dataset_registry(), name, origin, "a data set", "datasets");
}

}  // namespace fovea
