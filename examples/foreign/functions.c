/* Plain C functions that become operators of a network through functions.json: no plugin, no header of ours. */
#include <stdint.h>

/* y = max(x, 0); written so that NaN stays NaN. */
void my_relu(const float *x, float *y, int64_t count) {
  int64_t i;
  for (i = 0; i < count; i++) y[i] = x[i] < 0 ? 0 : x[i];
}

/* The maximum of each whole 2x2 window of one image and its place y * width + x in the plane. Returns 0. */
int my_max_pool_2x2(const float *x, float *y, int32_t *indices, int64_t channels, int64_t height, int64_t width) {
  int64_t c, i, j;
  for (c = 0; c < channels; c++, x += height * width) {
    for (i = 0; i + 1 < height; i += 2) {
      for (j = 0; j + 1 < width; j += 2) {
        int64_t places[4], best, n;
        places[0] = i * width + j;
        places[1] = places[0] + 1;
        places[2] = places[0] + width;
        places[3] = places[2] + 1;
        best = places[0];
        /* The first maximum wins, and NaN is a maximum. */
        for (n = 1; n < 4; n++) {
          float value = x[places[n]];
          if (value > x[best] || (value != value && x[best] == x[best])) best = places[n];
        }
        *y++ = x[best];
        *indices++ = (int32_t)best;
      }
    }
  }
  return 0;
}
