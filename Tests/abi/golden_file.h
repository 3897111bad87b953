/* golden_file.h: reads the reference tensors beside the project. */
#ifndef GOLDEN_FILE_H
#define GOLDEN_FILE_H

#include <math.h>
#include <string.h>

#include "check.h"

typedef struct golden_tensor {
  char name[96];
  char type[8];
  long long offset;
  int64_t count;
} golden_tensor;

static golden_tensor golden_tensors[1024];
static int golden_count;
static FILE *golden_data;
static char golden_folder[1024];

/* A network with reference tensors: "tiny" of Tests/golden, or "A" of ../shared. */
typedef struct golden_network {
  const char *name, *deviations, *description;
  int stages, convolutions[5], deconvolutions[5], classes, size;
  int knife_edges; /* a ReLU lies so near 0 that rounding decides it */
} golden_network;

static const golden_network golden_networks[2] = {
    {"tiny", "tiny.deviation.txt",
     "\"classes\": 3, \"input_size\": 24, \"stage_channels\": [4, 5, 6], \"stage_convolutions\": [1, 2, 1],"
     " \"decoder_convolutions\": [1, 2, 2], \"fc6_kernel\": 2, \"fc_width\": 10, \"segmentation_fc_width\": 8",
     3, {1, 2, 1}, {1, 2, 2}, 3, 24, 0},
    {"A", "torch_f32_deviation.txt",
     "\"classes\": 4, \"input_size\": 128, \"stage_channels\": [8, 16, 24, 32, 32],"
     " \"fc6_kernel\": 3, \"fc_width\": 64, \"segmentation_fc_width\": 48",
     5, {2, 2, 3, 3, 3}, {2, 2, 3, 3, 3}, 4, 128, 1}};

static const golden_network *golden;

/* `folder` holds NAME.safetensors, its index and its deviations. */
static void golden_open(const char *folder, const char *name) {
  char path[1200], dims[128];
  FILE *index;
  golden = &golden_networks[strcmp(name, "A") == 0];
  snprintf(golden_folder, sizeof golden_folder, "%s", folder);
  snprintf(path, sizeof path, "%s/%s.index.txt", golden_folder, golden->name);
  index = fopen(path, "r");
  snprintf(path, sizeof path, "%s/%s.safetensors", golden_folder, golden->name);
  golden_data = fopen(path, "rb");
  if (!index || !golden_data) {
    printf("FAIL the reference tensors cannot be read\n");
    exit(1);
  }
  while (golden_count < 1024) {
    golden_tensor *t = &golden_tensors[golden_count];
    char *field;
    if (fscanf(index, "%95s %7s %lld %127s", t->name, t->type, &t->offset, dims) != 4) break;
    t->count = 1;
    for (field = strtok(dims, ","); field; field = strtok(NULL, ",")) t->count *= atoll(field);
    golden_count++;
  }
  fclose(index);
}

static const golden_tensor *golden_find(const char *name) {
  int i;
  for (i = 0; i < golden_count; i++)
    if (strcmp(golden_tensors[i].name, name) == 0) return &golden_tensors[i];
  printf("FAIL there is no reference tensor %s\n", name);
  exit(1);
}

/* The 4-byte elements of a tensor, to be freed by the caller. */
static void *golden_read(const char *name, int64_t *count) {
  const golden_tensor *t = golden_find(name);
  void *values = malloc((size_t)t->count * 4);
  if (!values || fseek(golden_data, (long)t->offset, SEEK_SET) != 0 ||
      fread(values, 4, (size_t)t->count, golden_data) != (size_t)t->count) {
    printf("FAIL %s cannot be read\n", name);
    exit(1);
  }
  if (count) *count = t->count;
  return values;
}

/* Five times the deviation of a float32 run of another engine. */
static double golden_tolerance(const char *name) {
  char path[1200], line[256], found[128];
  double value, result = -1;
  FILE *file;
  snprintf(path, sizeof path, "%s/%s", golden_folder, golden->deviations);
  file = fopen(path, "r");
  while (file && fgets(line, sizeof line, file))
    if (sscanf(line, "%127s %lf", found, &value) == 2 && strcmp(found, name) == 0) result = 5 * value;
  if (file) fclose(file);
  if (result < 0) {
    printf("FAIL no deviation is listed for %s\n", name);
    exit(1);
  }
  return result;
}

/* max |a - b| / max |b|, infinite when a value is not a number. */
static double deviation(const float *a, const float *b, int64_t count) {
  double difference = 0, largest = 1e-300;
  int64_t i;
  for (i = 0; i < count; i++) {
    double d = fabs((double)a[i] - (double)b[i]);
    if (!(d <= 1e300)) return INFINITY;
    if (d > difference) difference = d;
    if (fabs((double)b[i]) > largest) largest = fabs((double)b[i]);
  }
  return difference / largest;
}

/* The network of the reference tensors. `saliency` is "average" or "max". */
static dcn_model *golden_model(const char *saliency) {
  char description[512], path[1200];
  dcn_model *empty, *model;
  snprintf(description, sizeof description,
           "{\"name\": \"golden %s\", %s, \"batch_normalization_epsilon\": 1e-5,"
           " \"saliency\": {\"placement\": \"%s\", \"seed\": \"score\"}}",
           golden->name, golden->description, saliency);
  snprintf(path, sizeof path, "%s/%s.safetensors", golden_folder, golden->name);
  need(dcn_model_create(description, NULL, 0, DCN_PART_NONE, 0, &empty), "dcn_model_create");
  need(dcn_model_import(empty, path, NULL, &model), "dcn_model_import");
  dcn_model_free(empty);
  return model;
}

#endif
