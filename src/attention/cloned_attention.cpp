#include <string>
#include <utility>

#include <fovea/attention/cloned_attention.h>

namespace fovea {
namespace {

/// The module at a dotted path below `owner`; nullptr where there is none.
std::shared_ptr<torch::nn::Module> descendant_at(const torch::nn::Module& owner, const std::string& path) {
  const std::size_t dot = path.find('.');
  const auto children = owner.named_children();
  const auto* child = children.find(path.substr(0, dot));
  if (child == nullptr || dot == std::string::npos) return child == nullptr ? nullptr : *child;
  return descendant_at(**child, path.substr(dot + 1));
}

}  // namespace

ClonedAttention::ClonedAttention(const torch::nn::Module& network, std::string path)
    : network_(network), path_(std::move(path)) {}

template <typename Layer>
std::shared_ptr<Layer> ClonedAttention::clone_at(const InsertionPoint& point) const {
  const std::string prefix = path_.empty() ? "" : path_ + ".";
  if (!point.path.starts_with(prefix)) return nullptr;
  const auto layer = std::dynamic_pointer_cast<Layer>(descendant_at(network_, point.path.substr(prefix.size())));
  return layer ? std::dynamic_pointer_cast<Layer>(layer->clone()) : nullptr;
}

std::shared_ptr<Gate> ClonedAttention::gate(const InsertionPoint& point) {
  return clone_at<Gate>(point);
}

std::shared_ptr<Mixer> ClonedAttention::mixer(const InsertionPoint& point) {
  return clone_at<Mixer>(point);
}

std::shared_ptr<Pool> ClonedAttention::pool(const InsertionPoint& point) {
  return clone_at<Pool>(point);
}

std::shared_ptr<Warp> ClonedAttention::warp(const InsertionPoint& point) {
  return clone_at<Warp>(point);
}

bool ClonedAttention::has_pool() const {
  return std::dynamic_pointer_cast<Pool>(descendant_at(network_, "pool")) != nullptr;
}

}  // namespace fovea
