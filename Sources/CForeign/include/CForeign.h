#ifndef C_FOREIGN_H
#define C_FOREIGN_H

/// What the products on the calling thread go through; NULL outside of a run.
const void *dcn_foreign_current(void);
void dcn_foreign_set_current(const void *current);

/// What the calling thread was prepared for last; NULL for nothing.
const void *dcn_foreign_prepared(void);
void dcn_foreign_set_prepared(const void *prepared);

/// Whether a symbol found by dlsym names code: 1, or 0 for data; 1 when that is not known.
int dcn_foreign_is_function(const void *address);

#endif
