/* fuzz.h: what the programs of this folder share. Each one is called by libFuzzer with arbitrary bytes and must neither crash
 * nor hang nor leak, whatever they are. */
#ifndef FUZZ_H
#define FUZZ_H

#include <decoupled/decoupled.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[256];

/* A path in the folder of this process. The text is overwritten by the fourth call after this one. */
static inline const char *in_folder(const char *name) {
  static char paths[4][512];
  static int next;
  char *path = paths[next++ % 4];
  snprintf(path, sizeof paths[0], "%s/%s", folder, name);
  return path;
}

static inline void write_file(const char *path, const void *bytes, size_t size) {
  FILE *file = fopen(path, "wb");
  if (!file) abort();
  if (size && fwrite(bytes, 1, size, file) != size) abort();
  fclose(file);
}

/* Ends the program when something that must work does not: libFuzzer reports it. */
static inline void need(int32_t status) {
  if (status == DCN_STATUS_OK) return;
  fprintf(stderr, "%s: %s\n", dcn_status_name(status), dcn_last_error());
  abort();
}

static inline void remove_folder(void) {
  char command[300];
  snprintf(command, sizeof command, "rm -rf '%s'", folder);
  if (system(command) != 0) fprintf(stderr, "'%s' could not be removed\n", folder);
}

/* Of the data set in the folder. */
static const char classes[] = "square\ndisc\n", labels[] = "image,labels\na.png,square\nb.jpg,square;disc\n";

/* Makes a folder with a data set of two photos in the plain layout, which must be one. */
static inline void make_folder(void) {
  static uint8_t pixels[24 * 24 * 3], mask[24 * 24];
  dcn_dataset *dataset;
  dcn_image image = DCN_IMAGE_INIT;
  int i;
  snprintf(folder, sizeof folder, "%s/decoupled-fuzz-XXXXXX", access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
  if (!mkdtemp(folder)) abort();
  atexit(remove_folder);
  mkdir(in_folder("data"), 0777);
  mkdir(in_folder("data/images"), 0777);
  mkdir(in_folder("data/masks"), 0777);
  image.width = image.height = 24;
  image.pixels = pixels;
  for (i = 0; i < (int)sizeof pixels; i++) pixels[i] = (uint8_t)(i * 7);
  for (i = 0; i < (int)sizeof mask; i++) mask[i] = i % 24 < 12;
  need(dcn_image_save(&image, in_folder("data/images/a.png")));
  need(dcn_image_save(&image, in_folder("data/images/b.jpg")));
  need(dcn_label_map_save(mask, 24, 24, in_folder("data/masks/a.png")));
  need(dcn_label_map_save(mask, 24, 24, in_folder("data/masks/b.png")));
  write_file(in_folder("data/classes.txt"), classes, sizeof classes - 1);
  write_file(in_folder("data/labels.csv"), labels, sizeof labels - 1);
  need(dcn_dataset_open(in_folder("data"), NULL, &dataset));
  dcn_dataset_free(dataset);
}

#endif
