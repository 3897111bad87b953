/* The kept plugin with a function table of TABLE_SIZE bytes: as an older header would make it, or a newer one. */
#define dcn_backend_entry kept_entry
#include "releases/0.1.0/plugin.c"
#undef dcn_backend_entry

DCN_BACKEND_EXPORT const dcn_backend_table *dcn_backend_entry(const dcn_host *host, uint32_t host_version, char *message,
                                                              size_t capacity) {
  /* Behind the end of the table lies what a host must not read as functions. */
  static union {
    dcn_backend_table table;
    unsigned char bytes[sizeof(dcn_backend_table) + 256];
  } sized;
  const dcn_backend_table *kept = kept_entry(host, host_version, message, capacity);
  size_t count = TABLE_SIZE < sizeof *kept ? TABLE_SIZE : sizeof *kept;
  if (!kept) return NULL;
  memset(&sized, 0xee, sizeof sized);
  memcpy(&sized, kept, count);
  sized.table.struct_size = TABLE_SIZE;
  return &sized.table;
}
