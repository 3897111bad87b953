/* replay FOLDER: runs a fuzz program once on every file of a folder, without libFuzzer. Compiled together with one of them. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int main(int argc, char **argv) {
  static uint8_t data[1 << 20];
  struct dirent *entry;
  int count = 0;
  DIR *folder = argc == 2 ? opendir(argv[1]) : NULL;
  if (!folder) return 2;
  LLVMFuzzerInitialize(&argc, &argv);
  while ((entry = readdir(folder)) != NULL) {
    char path[4096];
    size_t size;
    FILE *file;
    if (entry->d_name[0] == '.') continue;
    snprintf(path, sizeof path, "%s/%s", argv[1], entry->d_name);
    file = fopen(path, "rb");
    if (!file) return 1;
    size = fread(data, 1, sizeof data, file);
    fclose(file);
    /* Read beyond the input and it shows: the copy ends where its memory does. */
    uint8_t *copy = malloc(size ? size : 1);
    if (!copy) return 1;
    for (size_t i = 0; i < size; i++) copy[i] = data[i];
    LLVMFuzzerTestOneInput(copy, size);
    free(copy);
    count++;
  }
  closedir(folder);
  printf("ok %d inputs are answered without a crash\n", count);
  return count > 0 ? 0 : 1;
}
