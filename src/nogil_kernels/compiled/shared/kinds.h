/* The element types of operands, as NumPy's dtypes. */
#ifndef NK_KINDS_H
#define NK_KINDS_H

enum nk_kind {
    NK_BOOL, NK_I8, NK_U8, NK_I16, NK_U16, NK_I32, NK_U32, NK_I64, NK_U64, NK_F16, NK_F32, NK_F64, NK_C64, NK_C128,
    NK_LONG_DOUBLE, NK_C_LONG_DOUBLE,
    NK_NOT_PLAIN /* any other operand: arrays.py converts or refuses it */
};

#endif
