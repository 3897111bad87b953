/* make_dataset FOLDER: a data set in the plain layout, of coloured squares and discs on noise; for tests. */
#include <string.h>
#include <sys/stat.h>

#include "check.h"

enum { SIZE = 48, COUNT = 12 };

int main(int argc, char **argv) {
  static uint8_t pixels[SIZE * SIZE * 3], labels[SIZE * SIZE];
  char path[1024];
  unsigned state = 1;
  int i, x, y;
  FILE *table, *names;
  if (argc != 2) return 2;
  mkdir(argv[1], 0777);
  snprintf(path, sizeof path, "%s/images", argv[1]);
  mkdir(path, 0777);
  snprintf(path, sizeof path, "%s/masks", argv[1]);
  mkdir(path, 0777);
  snprintf(path, sizeof path, "%s/classes.txt", argv[1]);
  names = fopen(path, "w");
  snprintf(path, sizeof path, "%s/labels.csv", argv[1]);
  table = fopen(path, "w");
  if (!names || !table) return 1;
  fprintf(names, "square\ndisc\n");
  fprintf(table, "image,labels\n");
  for (i = 0; i < COUNT; i++) {
    dcn_image image = DCN_IMAGE_INIT;
    int cx = 14 + i, cy = 34 - i;
    for (y = 0; y < SIZE; y++) {
      for (x = 0; x < SIZE; x++) {
        int dx = x - cx, dy = y - cy, inside;
        uint8_t *pixel = pixels + 3 * (y * SIZE + x);
        inside = i % 2 ? dx * dx + dy * dy < 100 : abs(dx) < 9 && abs(dy) < 9;
        state = state * 1664525u + 1013904223u;
        memset(pixel, (int)(state >> 26), 3);
        if (inside) pixel[i % 2 ? 2 : 0] = 230;
        labels[y * SIZE + x] = (uint8_t)(inside ? 1 + i % 2 : 0);
      }
    }
    image.width = image.height = SIZE;
    image.pixels = pixels;
    snprintf(path, sizeof path, "%s/images/photo%02d.png", argv[1], i);
    need(dcn_image_save(&image, path), path);
    if (i < 6) {
      snprintf(path, sizeof path, "%s/masks/photo%02d.png", argv[1], i);
      need(dcn_label_map_save(labels, SIZE, SIZE, path), path);
    }
    fprintf(table, "photo%02d,%s\n", i, i % 2 ? "disc" : "square");
  }
  fclose(names);
  fclose(table);
  check(1, "a data set of %d photos is written", COUNT);
  return 0;
}
