#ifndef CFFI_SHIM_H
#define CFFI_SHIM_H

#include <ffi.h>

/* The types of libffi are variables of the library; Swift wants their addresses. */
static inline ffi_type *dcn_ffi_void(void) { return &ffi_type_void; }
static inline ffi_type *dcn_ffi_sint8(void) { return &ffi_type_sint8; }
static inline ffi_type *dcn_ffi_sint32(void) { return &ffi_type_sint32; }
static inline ffi_type *dcn_ffi_sint64(void) { return &ffi_type_sint64; }
static inline ffi_type *dcn_ffi_uint64(void) { return &ffi_type_uint64; }
static inline ffi_type *dcn_ffi_float(void) { return &ffi_type_float; }
static inline ffi_type *dcn_ffi_double(void) { return &ffi_type_double; }
static inline ffi_type *dcn_ffi_pointer(void) { return &ffi_type_pointer; }

#endif
