#pragma once

#include <memory>

#include <fovea/attention/gate.h>
#include <fovea/attention/insertion_point.h>
#include <fovea/attention/mixer.h>
#include <fovea/attention/pool.h>
#include <fovea/attention/warp.h>

namespace fovea {

/// Makes the attention layers of a network: a backbone calls it at each of its insertion points and inserts the layer that
/// comes back, none for nullptr. No backbone therefore includes a concrete mechanism. The base class gives nullptr
/// everywhere: the plain network.
class AttentionFactory {
 public:
  virtual ~AttentionFactory() = default;
  virtual std::shared_ptr<Gate> gate(const InsertionPoint&) { return nullptr; }
  virtual std::shared_ptr<Mixer> mixer(const InsertionPoint&) { return nullptr; }
  virtual std::shared_ptr<Pool> pool(const InsertionPoint&) { return nullptr; }
  virtual std::shared_ptr<Warp> warp(const InsertionPoint&) { return nullptr; }

  /// Whether pool() gives a pool; to be overridden with it. A backbone makes its pool last, when the shape of what arrives
  /// is known, but may have to know before which of its features are read at all.
  virtual bool has_pool() const { return false; }
};

/// The factory that gives nothing, for networks that are built without attention.
inline AttentionFactory& no_attention() {
  static AttentionFactory nothing;
  return nothing;
}

}  // namespace fovea
