#ifndef C_SYSTEM_H
#define C_SYSTEM_H

/// Writes the path of the shared object or program that holds this code into `path`.
/// Returns its length, or -1 when it is unknown or longer than `capacity`.
long dcn_system_own_path(char *path, unsigned long capacity);

/// The value of an environment variable; NULL when it is not set, and always in a program that runs with other rights than
/// its caller's (setuid, setgid, capabilities): there the environment is somebody else's.
const char *dcn_system_environment(const char *name);

/// Processors this process may run on, 0 when unknown.
int dcn_system_affinity(void);

/// The number that the system has for the calling thread.
int dcn_system_thread(void);

/// Tells the processor that the thread is waiting in a loop.
static inline void dcn_system_pause(void) {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

#endif
