#ifndef C_SYSTEM_H
#define C_SYSTEM_H

/// Writes the path of the shared object or program that holds this code into `path`.
/// Returns its length, or -1 when it is unknown or longer than `capacity`.
long dcn_system_own_path(char *path, unsigned long capacity);

/// 1 when the program runs with other rights than its caller's (setuid, setgid, capabilities).
int dcn_system_is_privileged(void);

/// Processors this process may run on, 0 when unknown.
int dcn_system_affinity(void);

/// The number that the system has for the calling thread.
int dcn_system_thread(void);

#endif
