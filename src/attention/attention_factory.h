#pragma once

#include <memory>

#include <fovea/attention/gate.h>
#include <fovea/attention/insertion_point.h>
#include <fovea/attention/mixer.h>
#include <fovea/attention/pool.h>
#include <fovea/attention/warp.h>

namespace fovea {

/// Decides what goes where: a backbone asks at each of its sites and takes what it gets, nullptr being "nothing here". A
/// backbone so includes no concrete mechanism. The base class answers nothing everywhere: the plain network.
class AttentionFactory {
 public:
  virtual ~AttentionFactory() = default;
  virtual std::shared_ptr<Gate> gate(const InsertionPoint&) { return nullptr; }
  virtual std::shared_ptr<Mixer> mixer(const InsertionPoint&) { return nullptr; }
  virtual std::shared_ptr<Pool> pool(const InsertionPoint&) { return nullptr; }
  virtual std::shared_ptr<Warp> warp(const InsertionPoint&) { return nullptr; }

  /// Whether pool() will give one; to be overridden with it. A backbone asks for its pool last, when it can say what arrives
  /// there, and may have to know before which of its features are read at all.
  virtual bool has_pool() const { return false; }
};

}  // namespace fovea
