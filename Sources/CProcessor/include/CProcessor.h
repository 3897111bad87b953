#ifndef C_PROCESSOR_H
#define C_PROCESSOR_H

/// The newest x86-64 level (2, 3 or 4) whose instructions this processor and its operating system run; 1 for the baseline,
/// 0 on other architectures.
int dcn_processor_x86_level(void);

/// Asks for the cache line at `address`, which will be read soon. Any address is allowed.
static inline void dcn_processor_prefetch(const void *address) { __builtin_prefetch(address, 0, 2); }

#endif
