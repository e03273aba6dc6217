#pragma once

#include <string>

#include <fovea/image/decode.h>
#include <fovea/image/internal/encoded_bytes.h>
#include <fovea/image/internal/stored_picture.h>

namespace fovea {

// One decoder for each format. Each checks the declared size before it allocates memory for it (see expect_pixel_budget()),
// prints nothing, and throws InputError in its own words, never in those of the library behind it.
//
// bytes: a whole file that begins with the format's signature. path: names the file in messages.

/// JPEG: grey, YCbCr, RGB, CMYK or YCCK. Damage that a decoder could conceal, such as invalid codes, is an error, except
/// for up to 64 stray bytes, which cameras leave and no pixel depends on. Values of inks are inverted, as PIL takes them.
StoredPicture decode_jpeg(EncodedBytes bytes, const std::string& path, const DecodeOptions& options);

/// PNG of any kind. A checksum must be right, except in a chunk that no pixel needs: such a chunk is ignored.
StoredPicture decode_png(EncodedBytes bytes, const std::string& path, const DecodeOptions& options);

/// WebP; of an animation the first frame.
StoredPicture decode_webp(EncodedBytes bytes, const std::string& path, const DecodeOptions& options);

/// TIFF of whole numbers of up to 16 bits; of several pages the first.
StoredPicture decode_tiff(EncodedBytes bytes, const std::string& path, const DecodeOptions& options);

/// BMP of Windows or OS/2, with a palette, run lengths or any channel masks. Alpha is read where the header has a mask for
/// it.
StoredPicture decode_bmp(EncodedBytes bytes, const std::string& path, const DecodeOptions& options);

/// PBM, PGM or PPM, as text or binary (P1 to P6).
StoredPicture decode_portable_map(EncodedBytes bytes, const std::string& path, const DecodeOptions& options);

}  // namespace fovea
