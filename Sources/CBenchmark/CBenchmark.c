#include "CBenchmark.h"

// The assembler statement keeps the sums live and in registers between rounds.
#define DEFINE(name, lanes)                                                    \
    static uint64_t name(uint64_t rounds) {                                    \
        typedef float vector __attribute__((vector_size(lanes * 4)));          \
        vector sum[8], one = (vector){} + 0.999f, other = (vector){} + 0.001f; \
        for (int i = 0; i < 8; i++) sum[i] = (vector){} + (float)i;            \
        for (uint64_t round = 0; round < rounds; round++) {                    \
            for (int i = 0; i < 8; i++) sum[i] = sum[i] * one + other;         \
            KEEP(sum);                                                         \
            for (int i = 0; i < 8; i++) sum[i] = sum[i] * one + other;         \
            KEEP(sum);                                                         \
        }                                                                      \
        return rounds * 16 * lanes * 2;                                        \
    }

#if defined(__x86_64__)
#define KEEP(s)                                                                                \
    __asm__ volatile(""                                                                        \
                     : "+v"(s[0]), "+v"(s[1]), "+v"(s[2]), "+v"(s[3]), "+v"(s[4]), "+v"(s[5]), \
                       "+v"(s[6]), "+v"(s[7]))
#pragma clang attribute push(__attribute__((target("avx512f"))), apply_to = function)
DEFINE(avx512, 16)
#pragma clang attribute pop
#undef KEEP
#define KEEP(s)                                                                                \
    __asm__ volatile(""                                                                        \
                     : "+x"(s[0]), "+x"(s[1]), "+x"(s[2]), "+x"(s[3]), "+x"(s[4]), "+x"(s[5]), \
                       "+x"(s[6]), "+x"(s[7]))
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
DEFINE(avx2, 8)
#pragma clang attribute pop
#else
#define KEEP(s)                                                                                \
    __asm__ volatile(""                                                                        \
                     : "+w"(s[0]), "+w"(s[1]), "+w"(s[2]), "+w"(s[3]), "+w"(s[4]), "+w"(s[5]), \
                       "+w"(s[6]), "+w"(s[7]))
#endif
DEFINE(portable, 4)

uint64_t plm_multiply_add(int lanes, uint64_t rounds) {
    switch (lanes) {
#if defined(__x86_64__)
        case 16: return avx512(rounds);
        case 8: return avx2(rounds);
#endif
        default: return portable(rounds);
    }
}
