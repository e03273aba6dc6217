#pragma once

#include <memory>

#include <fovea/attention/gate.h>
#include <fovea/attention/insertion_point.h>
#include <fovea/attention/mixer.h>
#include <fovea/attention/pool.h>
#include <fovea/attention/warp.h>

namespace fovea {

/// Factory of a network's attention layers: a backbone calls it at each of its insertion points and inserts the returned
/// layer, or none for nullptr. Backbones therefore include no concrete mechanism. The base class returns nullptr everywhere:
/// the plain network.
class AttentionFactory {
 public:
  virtual ~AttentionFactory() = default;
  virtual std::shared_ptr<Gate> gate(const InsertionPoint&) { return nullptr; }
  virtual std::shared_ptr<Mixer> mixer(const InsertionPoint&) { return nullptr; }
  virtual std::shared_ptr<Pool> pool(const InsertionPoint&) { return nullptr; }
  virtual std::shared_ptr<Warp> warp(const InsertionPoint&) { return nullptr; }

  /// True when pool() returns a pool; override both together. A backbone makes its pool last, when the shape of its input is
  /// known, but may need to know earlier which features will be read.
  virtual bool has_pool() const { return false; }
};

/// Factory that returns nullptr at every insertion point, for networks without attention.
inline AttentionFactory& no_attention() {
  static AttentionFactory none;
  return none;
}

}  // namespace fovea
