#define _GNU_SOURCE
#include "CSystem.h"

#include <dlfcn.h>
#include <sched.h>
#include <string.h>
#include <sys/auxv.h>

long dcn_system_own_path(char *path, unsigned long capacity) {
  Dl_info info;
  if (!dladdr((void *)&dcn_system_own_path, &info) || !info.dli_fname) return -1;
  unsigned long length = strlen(info.dli_fname);
  if (length + 1 > capacity) return -1;
  memcpy(path, info.dli_fname, length + 1);
  return (long)length;
}

int dcn_system_is_privileged(void) { return getauxval(AT_SECURE) != 0; }

int dcn_system_affinity(void) {
  cpu_set_t set;
  return sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 0;
}
