#include <string>
#include <utility>

#include <fovea/datasets/cifar.h>
#include <fovea/datasets/image_folder.h>
#include <fovea/datasets/image_list.h>
#include <fovea/datasets/internal/data_folder.h>
#include <fovea/datasets/mnist.h>
#include <fovea/datasets/registry.h>
#include <fovea/datasets/translated_digits.h>
#include <fovea/options/find_row.h>

namespace fovea {
namespace {

constexpr const char* kCifarReference =
    "A. Krizhevsky, Learning Multiple Layers of Features from Tiny Images, technical report, University of Toronto, 2009";
constexpr const char* kCifarLicence = "no licence stated by the authors";

// The means and standard deviations of MNIST and Fashion-MNIST are computed over the 60000 x 784 training pixels, without
// padding.

/// Statistics that do not depend on options.
std::function<PixelStatistics(const Options&)> fixed(PixelStatistics statistics) {
  return [statistics = std::move(statistics)](const Options&) { return statistics; };
}

DatasetRow fashion_mnist_row() {
  return {
      .name = "fashion_mnist",
      .title = "Fashion-MNIST (Xiao, Rasul and Vollgraf, 2017)",
      .arxiv = "1708.07747",
      .reference = "",
      .licence = "MIT",
      .size = "60 000 + 10 000 grey images, 28 x 28; 31 MB",
      .obtain = "apt install dataset-fashion-mnist",
      .in_memory = true,
      .make_options =
          [] {
            return std::make_unique<OptionsOf<MnistOptions>>(MnistOptions{.root = "/usr/share/datasets/fashion-mnist"});
          },
      .statistics = fixed({{0.2860}, {0.3530}}),
      .open =
          [](const Options& options, Split split) {
            return open_mnist(options_cast<MnistOptions>(options).root, split, fashion_mnist_class_names(),
                              std::string("install it with 'apt install dataset-fashion-mnist'") + kOrSetRoot);
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
      .in_memory = true,
      .make_options = make_options<MnistOptions>,
      .statistics = fixed({{0.1307}, {0.3081}}),
      .open =
          [](const Options& options, Split split) {
            return open_mnist(options_cast<MnistOptions>(options).root, split, mnist_class_names(),
                              std::string("fetch it with tools/download.sh mnist") + kOrSetRoot);
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
      .in_memory = true,
      .make_options = make_options<Cifar10Options>,
      .statistics = fixed({{0.4914, 0.4822, 0.4465}, {0.2470, 0.2435, 0.2616}}),
      .open = [](const Options& options, Split split) { return open_cifar10(options_cast<Cifar10Options>(options), split); },
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
      .in_memory = true,
      .make_options = make_options<Cifar100Options>,
      .statistics = fixed({{0.5071, 0.4865, 0.4409}, {0.2673, 0.2564, 0.2762}}),
      .open = [](const Options& options,
                 Split split) { return open_cifar100(options_cast<Cifar100Options>(options), split); },
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
      .varying_sizes = true,
      .make_options = make_options<ImageFolderOptions>,
      .statistics = fixed({{0.485, 0.456, 0.406}, {0.229, 0.224, 0.225}}),  // of ImageNet, as torchvision and timm have them
      .open = [](const Options& options,
                 Split split) { return open_image_folder(options_cast<ImageFolderOptions>(options), split); },
      .splits = [](const Options& options) { return image_folder_splits(options_cast<ImageFolderOptions>(options)); },
  };
}

DatasetRow image_list_row() {
  DatasetRow row = image_folder_row();
  row.name = "image_list";
  row.title = "Your own images: a table of paths and labels";
  row.reference = "tables of labels as Kaggle and papers publish them, CSV or TSV";
  row.obtain = "set data.file, preprocess.resize and preprocess.crop";
  row.make_options = make_options<ImageListOptions>;
  row.open = [](const Options& options, Split split) {
    return open_image_list(options_cast<ImageListOptions>(options), split);
  };
  row.splits = [](const Options& options) { return image_list_splits(options_cast<ImageListOptions>(options)); };
  return row;
}

/// No normalisation: pixels stay in [0, 1], as in the paper.
PixelStatistics canvas_statistics(const NamedOptions<Options>& source) {
  const std::size_t channels = find_dataset(source.name(), "source").statistics(*source).mean.size();
  return {std::vector<double>(channels, 0.0), std::vector<double>(channels, 1.0)};
}

DatasetRow translated_digits_row() {
  return {
      .name = "translated_digits",
      .title = "Translated MNIST, of Recurrent Models of Visual Attention (Mnih, Heess, Graves and Kavukcuoglu, 2014)",
      .arxiv = "1406.6247",
      .reference = "",
      .licence = "that of its source",
      .size = "a canvas of any size for each image of its source",
      .obtain = "generated from the data set data.source",
      .make_options = make_options<TranslatedDigitsOptions>,
      .statistics =
          [](const Options& options) { return canvas_statistics(options_cast<TranslatedDigitsOptions>(options).source); },
      .open = [](const Options& options,
                 Split split) { return open_translated_digits(options_cast<TranslatedDigitsOptions>(options), split); },
  };
}

DatasetRow cluttered_digits_row() {
  DatasetRow row = translated_digits_row();
  row.name = "cluttered_digits";
  row.title = "Cluttered " + row.title;
  row.make_options = make_options<ClutteredDigitsOptions>;
  row.statistics = [](const Options& options) {
    return canvas_statistics(options_cast<ClutteredDigitsOptions>(options).digits.source);
  };
  row.open = [](const Options& options, Split split) {
    return open_cluttered_digits(options_cast<ClutteredDigitsOptions>(options), split);
  };
  return row;
}

std::deque<DatasetRow>& dataset_rows() {
  static std::deque<DatasetRow> rows = {fashion_mnist_row(),     mnist_row(),           cifar10_row(),
                                        cifar100_row(),          image_folder_row(),    image_list_row(),
                                        translated_digits_row(), cluttered_digits_row()};
  return rows;
}

}  // namespace

const std::deque<DatasetRow>& dataset_registry() {
  return dataset_rows();
}

const DatasetRow& register_dataset(DatasetRow row) {
  const std::string where = "register_dataset";
  expect_functions({row.make_options != nullptr, row.statistics != nullptr, row.open != nullptr}, row.name, where);
  return add_row(dataset_rows(), std::move(row), where);
}

const DatasetRow& find_dataset(const std::string& name, const std::string& origin) {
  return find_row(dataset_registry(), name, origin, "a data set", "datasets");
}

}  // namespace fovea
