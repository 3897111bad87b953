#define _GNU_SOURCE
#include "CSystem.h"

#include <dlfcn.h>
#include <string.h>

long dcn_system_own_path(char *path, unsigned long capacity) {
  Dl_info info;
  if (!dladdr((void *)&dcn_system_own_path, &info) || !info.dli_fname) return -1;
  unsigned long length = strlen(info.dli_fname);
  if (length + 1 > capacity) return -1;
  memcpy(path, info.dli_fname, length + 1);
  return (long)length;
}
