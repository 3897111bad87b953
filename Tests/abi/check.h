/* check.h: prints one line per check; used by the programs of this folder. */
#ifndef CHECK_H
#define CHECK_H

#include <decoupled/decoupled.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

static int check_failures;

/* Prints "ok" or "FAIL" with the name of the check, and counts failures. */
static inline void check(int passed, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  printf(passed ? "ok " : "FAIL ");
  vprintf(format, arguments);
  va_end(arguments);
  printf("\n");
  fflush(stdout);
  if (!passed) check_failures++;
}

/* Ends the program when something the further checks rest on has failed. */
static inline void need(int32_t status, const char *what) {
  if (status == DCN_STATUS_OK) return;
  printf("FAIL %s: %s: %s\n", what, dcn_status_name(status), dcn_last_error());
  exit(1);
}

#endif
