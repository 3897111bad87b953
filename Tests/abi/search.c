/* search NAME: prints "found", "refused" with the reason, "absent", and "privileged" when the program has other rights than
 * its caller: what a search for backends makes of the environment and of where files lie. */
#include <string.h>
#include <sys/auxv.h>

#include "check.h"

int main(int argc, char **argv) {
  dcn_backends *backends;
  dcn_backend_info info = DCN_BACKEND_INFO_INIT;
  int32_t i, found = 0;
  if (argc != 2) return 2;
  need(dcn_backends_find(&backends), "dcn_backends_find");
  for (i = 0; i < dcn_backends_count(backends); i++) {
    need(dcn_backends_info(backends, i, &info), "dcn_backends_info");
    if (strcmp(info.name, argv[1]) == 0) found = 1;
  }
  if (found) printf("found\n");
  for (i = 0; i < dcn_backends_failure_count(backends); i++) {
    if (!strstr(dcn_backends_failure_path(backends, i), argv[1])) continue;
    printf("refused: %s\n", dcn_backends_failure_message(backends, i));
    found = 1;
  }
  if (!found) printf("absent\n");
  if (getauxval(AT_SECURE)) printf("privileged, threads %d\n", (int)dcn_thread_count(0));
  dcn_backends_free(backends);
  return 0;
}
