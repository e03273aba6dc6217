// Trains the experiment of a configuration, and scores it: train CONFIG RUN
#include <iostream>

#include <fovea/fovea.h>

int main(int argc, char** argv) try {
  if (argc != 3) return 2;
  const fovea::Experiment experiment = fovea::read_experiment(argv[1], {"train.epochs=2"});
  const fovea::TrainingReport report = fovea::train(experiment, {.out = argv[2], .resume = true});
  std::cout << "best epoch " << report.best.epoch << ", test top-1 " << report.test.top1 << "\n";

  const fovea::Model model = fovea::load_model(argv[2]);
  const fovea::EvaluationReport scores = model.evaluate(report.data().test());
  std::cout << "test top-1 of the saved model " << scores.metrics.top1() << std::endl;
} catch (const fovea::Error& error) {
  std::cerr << error.what() << std::endl;
  return 1;
}
