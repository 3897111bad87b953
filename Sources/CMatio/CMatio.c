#include "CMatio.h"

#include <dlfcn.h>
#include <matio.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#if MATIO_MAJOR_VERSION != 1 || MATIO_MINOR_VERSION != 5
#error "The layout of matvar_t is that of matio 1.5."
#endif

/// The functions used here, found in the library once.
static struct {
  mat_t *(*open)(const char *, int);
  int (*close)(mat_t *);
  matvar_t *(*read)(mat_t *, const char *);
  void (*release)(matvar_t *);
  unsigned (*count)(matvar_t *);
  char *const *(*names)(const matvar_t *);
  int (*log)(const char *, void (*)(int, char *));
  const char *problem;
} matio;

static pthread_once_t once = PTHREAD_ONCE_INIT;

static void quiet(int level, char *text) {
  (void)level;
  (void)text;
}

static void load(void) {
  // The releases of matio 1.5, whose structures are the same.
  static const char *const names[] = {"libmatio.so.11", "libmatio.so.13", "libmatio.so.12", "libmatio.so"};
  void *library = NULL;
  for (size_t i = 0; i < sizeof names / sizeof *names && !library; i++)
    library = dlopen(names[i], RTLD_NOW | RTLD_LOCAL);
  if (!library) {
    matio.problem = "libmatio is not installed (Debian: apt install libmatio11)";
    return;
  }
  *(void **)&matio.open = dlsym(library, "Mat_Open");
  *(void **)&matio.close = dlsym(library, "Mat_Close");
  *(void **)&matio.read = dlsym(library, "Mat_VarRead");
  *(void **)&matio.release = dlsym(library, "Mat_VarFree");
  *(void **)&matio.count = dlsym(library, "Mat_VarGetNumberOfFields");
  *(void **)&matio.names = dlsym(library, "Mat_VarGetStructFieldnames");
  *(void **)&matio.log = dlsym(library, "Mat_LogInitFunc");
  if (!matio.open || !matio.close || !matio.read || !matio.release || !matio.count ||
      !matio.names || !matio.log) {
    matio.problem = "the libmatio that was found lacks functions of matio 1.5";
    return;
  }
  matio.log("decoupled", quiet);
}

/// The field of a structure's only element; NULL when it is damaged. The library's own search by name trusts that all names
/// are there, which in a damaged file they are not.
static matvar_t *find(matvar_t *structure, const char *field) {
  if (structure->class_type != MAT_C_STRUCT || !structure->data || structure->rank != 2 || !structure->dims ||
      structure->dims[0] != 1 || structure->dims[1] != 1)
    return NULL;
  unsigned count = matio.count(structure);
  char *const *names = matio.names(structure);
  if (!names || structure->nbytes < count * sizeof(matvar_t *)) return NULL;
  for (unsigned i = 0; i < count; i++)
    if (names[i] && strcmp(names[i], field) == 0) return ((matvar_t **)structure->data)[i];
  return NULL;
}

static int copy(const matvar_t *found, uint32_t largest, uint8_t **labels, uint32_t *width, uint32_t *height,
                char *message) {
  if (found->rank != 2 || !found->dims || !found->data || found->isComplex ||
      (found->class_type != MAT_C_UINT8 && found->class_type != MAT_C_DOUBLE)) {
    snprintf(message, CMATIO_MESSAGE, "its matrix of labels is not a plain one of uint8");
    return 1;
  }
  size_t rows = found->dims[0], columns = found->dims[1];
  if (rows == 0 || columns == 0 || rows > largest || columns > largest) {
    snprintf(message, CMATIO_MESSAGE, "its labels have the size %zux%zu", columns, rows);
    return 1;
  }
  size_t size = found->class_type == MAT_C_DOUBLE ? sizeof(double) : 1;
  if (found->nbytes < rows * columns * size) {
    snprintf(message, CMATIO_MESSAGE, "its labels are cut short");
    return 1;
  }
  uint8_t *pixels = malloc(rows * columns);
  if (!pixels) {
    snprintf(message, CMATIO_MESSAGE, "there is no memory for %zu labels", rows * columns);
    return 1;
  }
  for (size_t x = 0; x < columns; x++)
    for (size_t y = 0; y < rows; y++) {
      size_t place = x * rows + y;
      if (size == 1) {
        pixels[y * columns + x] = ((const uint8_t *)found->data)[place];
      } else {
        double value = ((const double *)found->data)[place];
        if (!(value >= 0 && value <= 255) || value != (double)(uint8_t)value) {
          free(pixels);
          snprintf(message, CMATIO_MESSAGE, "it holds the label %g", value);
          return 1;
        }
        pixels[y * columns + x] = (uint8_t)value;
      }
    }
  *labels = pixels;
  *width = (uint32_t)columns;
  *height = (uint32_t)rows;
  return 0;
}

int cmatio_read_labels(const char *path, const char *variable, const char *field, uint32_t largest_side,
                       uint8_t **labels, uint32_t *width, uint32_t *height, char *message) {
  pthread_once(&once, load);
  if (matio.problem) {
    snprintf(message, CMATIO_MESSAGE, "%s", matio.problem);
    return 1;
  }
  mat_t *file = matio.open(path, MAT_ACC_RDONLY);
  if (!file) {
    snprintf(message, CMATIO_MESSAGE, "it is no MATLAB file");
    return 1;
  }
  int status = 1;
  matvar_t *structure = matio.read(file, variable);
  matvar_t *found = structure ? find(structure, field) : NULL;
  if (found)
    status = copy(found, largest_side, labels, width, height, message);
  else
    snprintf(message, CMATIO_MESSAGE, "it has no structure %s with a field %s, or is damaged", variable, field);
  matio.release(structure);
  matio.close(file);
  return status;
}

void cmatio_free(uint8_t *labels) { free(labels); }
