/* memory [STEP]: predictions in which an allocation fails. Those of tensors and workspaces must become a status, and leave
 * everything usable and nothing lost. With STEP also every STEP-th of those of Swift's own objects, each in a child: the
 * runtime ends the process there (docs/security.md), and this counts how often. */
#include <dlfcn.h>
#include <errno.h>
#include <malloc.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"

/* Which allocation fails, counted from 1 since counting began; 0 = none. */
static long failing, counted, failing_object, counted_objects;
/* Bytes that are mapped and not yet unmapped. */
static long mapped;
static int counts;

static int fails(void) {
  if (!__atomic_load_n(&counts, __ATOMIC_RELAXED)) return 0;
  if (__atomic_add_fetch(&counted, 1, __ATOMIC_RELAXED) != failing) return 0;
  errno = ENOMEM;
  return 1;
}

/* These stand in the place of the C library's, for the library under test too. */
void *aligned_alloc(size_t alignment, size_t size) {
  static void *(*next)(size_t, size_t);
  if (!next) *(void **)&next = dlsym(RTLD_NEXT, "aligned_alloc");
  return fails() ? NULL : next(alignment, size);
}

void *mmap(void *address, size_t size, int protection, int flags, int file, off_t offset) {
  static void *(*next)(void *, size_t, int, int, int, off_t);
  if (!next) *(void **)&next = dlsym(RTLD_NEXT, "mmap");
  if (fails()) return MAP_FAILED;
  address = next(address, size, protection, flags, file, offset);
  if (address != MAP_FAILED) __atomic_add_fetch(&mapped, (long)size, __ATOMIC_RELAXED);
  return address;
}

int munmap(void *address, size_t size) {
  static int (*next)(void *, size_t);
  if (!next) *(void **)&next = dlsym(RTLD_NEXT, "munmap");
  __atomic_sub_fetch(&mapped, (long)size, __ATOMIC_RELAXED);
  return next(address, size);
}

extern void *__libc_malloc(size_t size);

void *malloc(size_t size) {
  if (__atomic_load_n(&counts, __ATOMIC_RELAXED) && __atomic_add_fetch(&counted_objects, 1, __ATOMIC_RELAXED) == failing_object) {
    errno = ENOMEM;
    return NULL;
  }
  return __libc_malloc(size);
}

static const dcn_model *model;

/* A session and a prediction, in which allocation number `number` fails. Larger than what stays in the heap, so that memory
 * is mapped too. */
static int32_t predict(long number, long object, int fresh, dcn_session **kept) {
  static uint8_t pixels[200 * 200 * 3];
  dcn_session_options options = DCN_SESSION_OPTIONS_INIT;
  dcn_session *session = fresh ? NULL : *kept;
  dcn_image image = DCN_IMAGE_INIT;
  dcn_result *result = NULL;
  int32_t status = DCN_STATUS_OK, width, height;
  image.width = image.height = 200;
  image.pixels = pixels;
  options.backend = "reference";
  options.threads = 1;
  options.threshold = 0;
  counted = counted_objects = 0;
  failing = number;
  failing_object = object;
  __atomic_store_n(&counts, 1, __ATOMIC_RELAXED);
  if (fresh) status = dcn_session_create(model, &options, &session);
  if (!status) status = dcn_session_predict(session, &image, &result);
  __atomic_store_n(&counts, 0, __ATOMIC_RELAXED);
  if (!status && !dcn_result_label_map(result, &width, &height)) status = -1;
  dcn_result_free(result);
  if (fresh) dcn_session_free(session);
  return status;
}

/* Bytes of the heap in use, and of memory that is mapped apart from it. */
static long in_use(void) {
  struct mallinfo2 heap = mallinfo2();
  return (long)(heap.uordblks + heap.hblkhd) + mapped;
}

static void every_tensor(dcn_session *session) {
  long total, i, round, refused = 0, other = 0, before = 0;
  need(predict(0, 0, 1, NULL), "a prediction");
  total = counted;
  for (round = 0; round < 3; round++) {
    /* The first round is for whatever is made once. */
    if (round == 1) before = in_use();
    for (i = 1; i <= total; i++) {
      int32_t status = predict(i, 0, 1, NULL);
      refused += status == DCN_STATUS_OUT_OF_MEMORY && strlen(dcn_last_error()) > 10;
      /* The C library maps memory for its heap too, and does without. */
      other += status != DCN_STATUS_OUT_OF_MEMORY && status != DCN_STATUS_OK;
      if (predict(0, 0, 0, &session)) other++;
    }
  }
  check(total > 3 && refused > 9 && other == 0,
        "each of %ld allocations of tensors fails three times: %ld times OUT_OF_MEMORY, %ld other statuses", total, refused, other);
  check(in_use() - before < 65536, "nothing is lost then: %ld bytes in use before, %ld after", before, in_use());
}

static void objects(long step) {
  long total, i, returned = 0, ended = 0, other = 0;
  need(predict(0, 0, 1, NULL), "a prediction");
  total = counted_objects;
  for (i = 1; i <= total; i += step) {
    int status;
    pid_t child = fork();
    if (child == 0) {
      fclose(stderr);
      alarm(20);
      _exit(predict(0, i, 1, NULL) == -1);
    }
    if (child < 0 || waitpid(child, &status, 0) != child) break;
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) returned++;
    else if (WIFSIGNALED(status) && WTERMSIG(status) != SIGALRM) ended++;
    else other++;
  }
  check(i > total && other == 0, "each %ldth of %ld allocations of objects fails: %ld calls return, %ld processes are ended by Swift, %ld otherwise",
        step, total, returned, ended, other);
}

int main(int argc, char **argv) {
  static const char *const names[2] = {"square", "disc"};
  dcn_session_options options = DCN_SESSION_OPTIONS_INIT;
  dcn_model *made;
  dcn_session *session;
  need(dcn_model_create("tiny", names, 2, DCN_PART_ALL, 1, &made), "dcn_model_create");
  model = made;
  options.backend = "reference";
  options.threads = 1;
  need(dcn_session_create(model, &options, &session), "dcn_session_create");
  every_tensor(session);
  if (argc > 1 && atol(argv[1]) > 0) objects(atol(argv[1]));
  dcn_session_free(session);
  dcn_model_free(made);
  return check_failures ? 1 : 0;
}
