#ifndef C_PNG_H
#define C_PNG_H
#include <stddef.h>
#endif
