#pragma once

#include <memory>
#include <string>
#include <vector>

#include <fovea/data/dataset.h>
#include <fovea/options/fields.h>

namespace fovea {

struct Cifar10Options {
  std::string root = "data/cifar-10-batches-bin";

  void visit_fields(FieldVisitor& fields);
};

/// Labels of CIFAR-100: 100 fine classes, or 20 coarse classes of five fine ones each.
enum class Cifar100Labels { fine, coarse };

struct Cifar100Options {
  std::string root = "data/cifar-100-binary";
  Cifar100Labels labels = Cifar100Labels::fine;

  void visit_fields(FieldVisitor& fields);
};

/// The names in alphabetical order, which is the order of the labels.
const std::vector<std::string>& cifar10_class_names();
const std::vector<std::string>& cifar100_class_names(Cifar100Labels labels);

/// Reads the binary version: `data_batch_1.bin` ... `data_batch_5.bin` or `test_batch.bin`, with the class names of
/// `batches.meta.txt` when that file is there. @throws InputError naming the file and what is wrong with it.
std::shared_ptr<const Dataset> open_cifar10(const Cifar10Options& options, Split split);

/// Reads the binary version: `train.bin` or `test.bin`. @throws InputError naming the file and what is wrong with it, and
/// for an option out of its range.
std::shared_ptr<const Dataset> open_cifar100(const Cifar100Options& options, Split split);

}  // namespace fovea
