#pragma once

namespace fovea {

/// Kind of the hard choices that a network makes.
enum class ChoiceKind {
  none,       ///< soft attention alone
  locations,  ///< where to look next, from a normal distribution: GlimpseTrajectory
  elements,   ///< some of a module's positions or tokens, by their weights: HardChoices
};

}  // namespace fovea
