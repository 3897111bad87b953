#define _GNU_SOURCE
#include "CSystem.h"

#include <dlfcn.h>
#include <link.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

long dcn_system_own_path(char *path, unsigned long capacity) {
  Dl_info info;
  struct link_map *map = NULL;
  if (!dladdr1((void *)&dcn_system_own_path, &info, (void **)&map, RTLD_DL_LINKMAP) || !info.dli_fname) return -1;
  /* Of the program itself dladdr knows only the word it was called by; the loader leaves its name empty. */
  if (map && (!map->l_name || !map->l_name[0])) {
    long count = readlink("/proc/self/exe", path, capacity - 1);
    if (count <= 0 || (unsigned long)count >= capacity - 1) return -1;
    path[count] = 0;
    return count;
  }
  unsigned long length = strlen(info.dli_fname);
  if (length + 1 > capacity) return -1;
  memcpy(path, info.dli_fname, length + 1);
  return (long)length;
}

const char *dcn_system_environment(const char *name) { return secure_getenv(name); }

int dcn_system_affinity(void) {
  cpu_set_t set;
  return sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 0;
}

int dcn_system_thread(void) { return (int)gettid(); }
