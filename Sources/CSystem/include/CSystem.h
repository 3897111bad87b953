#ifndef C_SYSTEM_H
#define C_SYSTEM_H

/// Writes the path of the shared object or program that holds this code into `path`.
/// Returns its length, or -1 when it is unknown or longer than `capacity`.
long dcn_system_own_path(char *path, unsigned long capacity);

#endif
