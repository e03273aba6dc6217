#pragma once

namespace fovea {

// Advice in messages about damaged files of torch.save.

inline constexpr const char* kDamagedArchive = "the file is truncated or damaged; download or save it again";
inline constexpr const char* kDamagedPickle = "the file is damaged or not from torch.save";

}  // namespace fovea
