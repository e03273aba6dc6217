#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <torch/torch.h>

#include <fovea/attention/insertion_point.h>

namespace fovea {

/// Positions of a feature map, or tokens, as attention over positions reads them.
struct Positions {
  torch::Tensor values;            ///< [N, L, C]; the positions of a grid row by row
  std::vector<std::int64_t> grid;  ///< {height, width}; empty for tokens
};

/// The positions of a feature map [N, C, H, W], or tokens [N, L, C] as they are. @throws ShapeError, naming `module`, unless
/// `features` is one of them with C = `channels`.
Positions positions_of(const torch::nn::Module& module, const torch::Tensor& features, std::int64_t channels);

/// @throws ShapeError `<module>: expected [N, <channels>, H, W], got [...]` unless `features` has that shape.
void expect_features(const torch::nn::Module& module, const torch::Tensor& features, std::int64_t channels);

/// The same for a module that takes any number of channels.
void expect_features(const torch::nn::Module& module, const torch::Tensor& features);

/// The same for a module that is built for one height and width. @param advice end of the message.
void expect_shape(const torch::nn::Module& module, const torch::Tensor& features, const FeatureShape& shape,
                  const std::string& advice);

/// [N, L, C] -> [N, C, H, W], L = height x width.
torch::Tensor to_grid(const torch::Tensor& positions, std::int64_t height, std::int64_t width);

/// @throws ShapeError, naming `module`, for a batch norm in training that would see one value of each channel: it has no
/// variance. @param values input of `norm`, [N, C, ...].
void expect_norm_fits(const torch::nn::Module& module, const torch::nn::Module& norm, const torch::Tensor& values);

/// @throws InputError unless `channels` is a multiple of `parts`. @param where names the option in the message.
void expect_divides(std::int64_t channels, std::int64_t parts, const std::string& where);

/// Channels of one of `heads` equal parts. @param where names the option in the message, e.g. "halo: heads".
/// @throws InputError unless `channels` is a multiple of `heads`.
std::int64_t channels_per_head(std::int64_t channels, std::int64_t heads, const std::string& where);

}  // namespace fovea
