#ifndef C_MATIO_H
#define C_MATIO_H

#include <stddef.h>
#include <stdint.h>

// Reads MATLAB 5 files through libmatio, which is loaded when the first one is read: it brings libhdf5 along, which most
// users of this library never need and whose symbols may clash with another HDF5 in the same process.
// Functions return 0 on success, and otherwise leave a sentence of at most CMATIO_MESSAGE bytes in `message`.

#define CMATIO_MESSAGE 200

/// Reads the field `field` of the structure `variable`, a matrix of uint8 (or double holding small whole numbers), as rows from top to bottom.
/// On success `*labels`, of width * height bytes, is owned by the caller and freed by cmatio_free.
int cmatio_read_labels(const char *path, const char *variable, const char *field, uint32_t largest_side,
                       uint8_t **labels, uint32_t *width, uint32_t *height, char *message);

void cmatio_free(uint8_t *labels);

#endif
