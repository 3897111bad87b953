#include "CPNG.h"

#include <png.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
  jmp_buf escape;
  char *message;
  const uint8_t *input;
  size_t remaining;
  uint8_t *output;
  size_t used, capacity;
} context;

static void on_error(png_structp png, png_const_charp text) {
  context *c = png_get_error_ptr(png);
  snprintf(c->message, CPNG_MESSAGE, "%s", text);
  longjmp(c->escape, 1);
}

static void on_warning(png_structp png, png_const_charp text) {
  // Warnings concern colour profiles, text chunks and the like, none of which reaches the pixels.
  (void)png;
  (void)text;
}

static void read_bytes(png_structp png, png_bytep out, size_t count) {
  context *c = png_get_io_ptr(png);
  if (count > c->remaining) png_error(png, "the file ends too early");
  memcpy(out, c->input, count);
  c->input += count;
  c->remaining -= count;
}

static void write_bytes(png_structp png, png_bytep bytes, size_t count) {
  context *c = png_get_io_ptr(png);
  if (count > c->capacity - c->used) {
    size_t capacity = c->capacity * 2 + count;
    uint8_t *grown = realloc(c->output, capacity);
    if (!grown) png_error(png, "out of memory");
    c->output = grown;
    c->capacity = capacity;
  }
  memcpy(c->output + c->used, bytes, count);
  c->used += count;
}

static void flush_bytes(png_structp png) { (void)png; }

static void describe(png_structp png, png_infop info, cpng_header *header) {
  header->width = png_get_image_width(png, info);
  header->height = png_get_image_height(png, info);
  header->bit_depth = png_get_bit_depth(png, info);
  header->color_type = png_get_color_type(png, info);
}

static void expand_to_rgba(png_structp png, png_infop info) {
  png_set_expand(png);
  png_set_scale_16(png);
  if (!(png_get_color_type(png, info) & PNG_COLOR_MASK_COLOR)) png_set_gray_to_rgb(png);
  png_set_add_alpha(png, 0xff, PNG_FILLER_AFTER);
}

/// Reads the header, and the pixels when `pixels` is given. `rows` is freed by the caller whatever happens.
static int decode(context *c, cpng_form form, cpng_header *header, uint8_t *pixels, png_bytep **rows) {
  png_structp png = png_create_read_struct(PNG_LIBPNG_VER_STRING, c, on_error, on_warning);
  png_infop info = png ? png_create_info_struct(png) : NULL;
  if (!info) {
    png_destroy_read_struct(&png, NULL, NULL);
    snprintf(c->message, CPNG_MESSAGE, "out of memory");
    return 1;
  }
  if (setjmp(c->escape)) {
    png_destroy_read_struct(&png, &info, NULL);
    return 1;
  }
  // The caller has its own limits and names them; these only stop a hostile chunk from filling the memory.
  png_set_user_limits(png, 0x7fffffff, 0x7fffffff);
  png_set_chunk_malloc_max(png, 16 << 20);
  png_set_chunk_cache_max(png, 128);
  png_set_read_fn(png, c, read_bytes);
  png_read_info(png, info);
  describe(png, info, header);
  if (pixels) {
    size_t stride = header->width;
    if (form == CPNG_RGBA) {
      expand_to_rgba(png, info);
      stride *= 4;
    } else {
      png_set_packing(png);
    }
    png_set_interlace_handling(png);
    png_read_update_info(png, info);
    if (png_get_rowbytes(png, info) != stride) png_error(png, "unexpected pixel layout");
    *rows = malloc(header->height * sizeof(png_bytep));
    if (!*rows) png_error(png, "out of memory");
    for (size_t y = 0; y < header->height; ++y) (*rows)[y] = pixels + y * stride;
    png_read_image(png, *rows);
    png_read_end(png, NULL);
  }
  png_destroy_read_struct(&png, &info, NULL);
  return 0;
}

int cpng_read_header(const uint8_t *data, size_t size, cpng_header *header, char *message) {
  context c = {.message = message, .input = data, .remaining = size};
  png_bytep *rows = NULL;
  return decode(&c, CPNG_RGBA, header, NULL, &rows);
}

int cpng_read(const uint8_t *data, size_t size, cpng_form form, uint8_t *pixels, char *message) {
  context c = {.message = message, .input = data, .remaining = size};
  cpng_header header;
  png_bytep *rows = NULL;
  int status = decode(&c, form, &header, pixels, &rows);
  free(rows);
  return status;
}

static int encode(context *c, uint32_t width, uint32_t height, int channels, const uint8_t *pixels,
                  const uint8_t *palette) {
  png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, c, on_error, on_warning);
  png_infop info = png ? png_create_info_struct(png) : NULL;
  if (!info) {
    png_destroy_write_struct(&png, NULL);
    snprintf(c->message, CPNG_MESSAGE, "out of memory");
    return 1;
  }
  if (setjmp(c->escape)) {
    png_destroy_write_struct(&png, &info);
    return 1;
  }
  png_set_write_fn(png, c, write_bytes, flush_bytes);
  int type = palette ? PNG_COLOR_TYPE_PALETTE : channels == 4 ? PNG_COLOR_TYPE_RGB_ALPHA : PNG_COLOR_TYPE_RGB;
  png_set_IHDR(png, info, width, height, 8, type, PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT,
               PNG_FILTER_TYPE_DEFAULT);
  if (palette) {
    png_color colors[256];
    for (int i = 0; i < 256; ++i) colors[i] = (png_color){palette[3 * i], palette[3 * i + 1], palette[3 * i + 2]};
    png_set_PLTE(png, info, colors, 256);
  }
  png_write_info(png, info);
  for (size_t y = 0; y < height; ++y) png_write_row(png, pixels + y * width * channels);
  png_write_end(png, info);
  png_destroy_write_struct(&png, &info);
  return 0;
}

int cpng_write(uint32_t width, uint32_t height, int channels, const uint8_t *pixels, const uint8_t *palette,
               uint8_t **data, size_t *size, char *message) {
  context c = {.message = message};
  if (encode(&c, width, height, channels, pixels, palette)) {
    free(c.output);
    return 1;
  }
  *data = c.output;
  *size = c.used;
  return 0;
}

void cpng_free(uint8_t *data) { free(data); }
