#ifndef C_PNG_H
#define C_PNG_H

#include <stddef.h>
#include <stdint.h>

// libpng reports errors by longjmp, which must not cross Swift frames: these functions keep it inside C.
// They work on memory, return 0 on success, and otherwise leave a sentence of at most CPNG_MESSAGE bytes in `message`.

#define CPNG_MESSAGE 160

typedef struct {
  uint32_t width;
  uint32_t height;
  int32_t bit_depth;   // 1, 2, 4, 8 or 16
  int32_t color_type;  // as in the file: 0 grey, 2 RGB, 3 palette, 4 grey with alpha, 6 RGBA
} cpng_header;

typedef enum {
  CPNG_SAMPLES,  // one byte a pixel: palette index or grey sample as stored, also at depths 1, 2 and 4
  CPNG_RGBA,     // four bytes a pixel: everything expanded, 16 bits rounded to 8, missing alpha is 255
} cpng_form;

/// Reads the header only.
int cpng_read_header(const uint8_t *data, size_t size, cpng_header *header, char *message);

/// Decodes a whole file into `pixels`, which must hold width * height * (1 or 4) bytes.
int cpng_read(const uint8_t *data, size_t size, cpng_form form, uint8_t *pixels, char *message);

/// Encodes 8-bit pixels: `channels` 1 with a palette of 256 RGB entries, or 3 or 4 with `palette` NULL.
/// On success `*data` is owned by the caller and freed by cpng_free.
int cpng_write(uint32_t width, uint32_t height, int channels, const uint8_t *pixels, const uint8_t *palette,
               uint8_t **data, size_t *size, char *message);

void cpng_free(uint8_t *data);

#endif
