// Attention in a network of one's own: a module like LibTorch's.
#include <iostream>

#include <torch/torch.h>

#include <fovea/attention/spatial/cbam.h>

int main() {
  torch::nn::Sequential network(torch::nn::Conv2d(torch::nn::Conv2dOptions(3, 64, 3).padding(1)), fovea::Cbam(64),
                                torch::nn::ReLU());
  const torch::Tensor features = network->forward(torch::randn({2, 3, 32, 32}));
  std::cout << features.sizes() << std::endl;
}
