// Classifies a photo and shows what the network looked at: photo MODEL PHOTO OVERLAY.png
#include <iostream>

#include <fovea/fovea.h>

int main(int argc, char** argv) try {
  if (argc != 4) return 2;
  const fovea::Model model = fovea::load_model(argv[1]);
  const fovea::Image photo = fovea::read_image(argv[2]);
  for (const auto& [label, name, probability] : model.predict(photo, {.top_k = 3}).classes) {
    std::cout << name << " " << probability << "\n";
  }
  const fovea::Overlay overlay = model.overlay(photo, {.method = "gradcam"});
  fovea::write_png(argv[3], overlay.picture());
  std::cout << argv[3] << " explains " << overlay.explained().name << std::endl;
} catch (const fovea::Error& error) {
  std::cerr << error.what() << std::endl;
  return 1;
}
