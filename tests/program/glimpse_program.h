#pragma once

#include <string>

#include "program_fixture.h"

namespace fovea {

/// A small glimpse network, trained once for all tests as `run`: for 8 x 8 digits of `data` on a canvas of 12 x 20, as
/// `glimpses.yaml` describes it.
class GlimpseProgram : public ProgramTest {
 protected:
  static void SetUpTestSuite() {
    ProgramTest::SetUpTestSuite();
    write_tiny_mnist(path("data"));
    write("glimpses.yaml", "data: {name: translated_digits, source: {name: mnist, root: '" + path("data") +
                               "'}, canvas: [12, 20], validation: none}\n"
                               "preprocess: {resize: 0, crop: 0}\n"
                               "model: {name: ram, glimpses: 4, patch: 3, scales: 2, width: 16, encoder_features: 8}\n"
                               "train: {epochs: 1, batch_size: 64, policy: {warmup_epochs: 0}}\n");
    ASSERT_EQ(run({"train", "glimpses.yaml", "--out", "run", "--quiet"}).code, 0);
  }
};

}  // namespace fovea
