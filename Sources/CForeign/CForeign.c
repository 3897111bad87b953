#define _GNU_SOURCE
#include "CForeign.h"

#include <dlfcn.h>
#include <link.h>
#include <stddef.h>

static _Thread_local const void *current;
static _Thread_local const void *prepared;

const void *dcn_foreign_current(void) { return current; }
void dcn_foreign_set_current(const void *value) { current = value; }

const void *dcn_foreign_prepared(void) { return prepared; }
void dcn_foreign_set_prepared(const void *value) { prepared = value; }

int dcn_foreign_is_function(const void *address) {
  Dl_info info;
  const ElfW(Sym) *symbol = NULL;
  if (!dladdr1(address, &info, (void **)&symbol, RTLD_DL_SYMENT) || !symbol || info.dli_saddr != address) return 1;
  int type = ELF64_ST_TYPE(symbol->st_info);
  return type == STT_FUNC || type == STT_GNU_IFUNC || type == STT_NOTYPE;
}
