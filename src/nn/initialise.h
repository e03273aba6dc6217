#pragma once

#include <cstdint>

#include <torch/torch.h>

#include <fovea/base/random.h>

namespace fovea {

/// Fills a tensor of any type with uniform draws from [low, high).
void fill_uniform(torch::Tensor tensor, RandomStream stream, double low, double high);

/// Fills a tensor with normal draws of mean 0.
void fill_normal(torch::Tensor tensor, RandomStream stream, double standard_deviation);

/// Interface of a module with initialisation rules of its own: it registers parameters itself, or changes the initial values
/// that initialise() gives its layers.
class SelfInitialising {
 public:
  virtual ~SelfInitialising() = default;
  /// Called after the modules below have been initialised.
  virtual void initialise(const RandomStream& stream) = 0;
};

/// Interface of a base class with constant initial values; its subclasses may be SelfInitialising too.
class ConstantInitialising {
 public:
  virtual ~ConstantInitialising() = default;
  virtual void initialise_constants() = 0;
};

/// Random stream of a module's constructor, for the initial values of parameters that the module registers itself. It is
/// keyed by LibTorch's default generator, so torch::manual_seed() repeats these values like those of LibTorch's layers.
/// initialise() replaces them all.
RandomStream construction_stream();

/// Initialises every parameter below `root` as torchvision does for ResNets: convolutions He-normal by fan-out
/// ("Delving Deep into Rectifiers", arXiv:1502.01852), linear layers uniform in +-1/sqrt(fan-in), norms 1 and 0, biases of
/// convolutions uniform in +-1/sqrt(fan-in).
///
/// LibTorch's other layers get the distributions of their constructors: Bilinear uniform in +-1/sqrt(first input's
/// features); RNN, LSTM, GRU and their cells uniform in +-1/sqrt(hidden features); Embedding and EmbeddingBag standard
/// normal, and 0 at the padding index; PReLU its option `init`; MultiheadAttention's projections Xavier-uniform
/// ("Understanding the difficulty of training deep feedforward neural networks", AISTATS 2010) with biases of 0, its
/// `bias_k` and `bias_v` Xavier-normal. The fan-out of a transposed convolution is its output channels x kernel area. A
/// Transformer is initialised layer by layer.
///
/// The draw for a parameter depends on (seed, its name) only, so adding a module changes no other parameter. LibTorch's
/// global generator is not used. @throws Error naming a parameter without a rule: its module, or an enclosing one, has to be
/// SelfInitialising.
void initialise(torch::nn::Module& root, std::uint64_t seed);

/// Initialises a network at the end of its constructor: as initialise() with the seed of construction_stream(), but a
/// parameter without a rule keeps the value that its own module gave it. Does nothing while a SkipInitialisation lives.
void initialise_constructed(torch::nn::Module& network);

/// While it lives, the networks that this thread constructs keep the values that LibTorch's layers start with. For networks
/// whose weights are replaced at once: by initialise(), from a file, or by those of another network.
class SkipInitialisation {
 public:
  SkipInitialisation();
  ~SkipInitialisation();
  SkipInitialisation(const SkipInitialisation&) = delete;
  SkipInitialisation& operator=(const SkipInitialisation&) = delete;
};

/// A SkipInitialisation during which LibTorch's layers do not draw either, as by torch.nn.utils.skip_init in PyTorch:
/// uniform_() and normal_() change nothing, and drawn tensors hold any values. For networks all of whose tensors are
/// replaced, buffers too: from a file, or by those of another network.
class SkipDraws {
 public:
  SkipDraws();
  ~SkipDraws();
  SkipDraws(const SkipDraws&) = delete;
  SkipDraws& operator=(const SkipDraws&) = delete;

 private:
  SkipInitialisation skip_;
};

}  // namespace fovea
