/* What ThreadSanitizer cannot see: Swift's Mutex waits in a library that was built without it. Linked into the library under
 * test with --wrap, so that a lock that was waited for counts as one. */
#include <stdint.h>

#define MUTEX "$s15Synchronization12_MutexHandleV"
#define SWIFT __attribute__((swiftcall))
#define SELF __attribute__((swift_context)) void *mutex

void __tsan_acquire(void *address);
void __tsan_release(void *address);

SWIFT void real_lock(uint32_t thread, SELF) __asm__("__real_" MUTEX "9_lockSlowyys6UInt32VF");
SWIFT void wrapped_lock(uint32_t thread, SELF) __asm__("__wrap_" MUTEX "9_lockSlowyys6UInt32VF");
SWIFT void real_unlock(SELF) __asm__("__real_" MUTEX "11_unlockSlowyyF");
SWIFT void wrapped_unlock(SELF) __asm__("__wrap_" MUTEX "11_unlockSlowyyF");

SWIFT void wrapped_lock(uint32_t thread, SELF) {
  real_lock(thread, mutex);
  __tsan_acquire(mutex);
}

SWIFT void wrapped_unlock(SELF) {
  __tsan_release(mutex);
  real_unlock(mutex);
}
