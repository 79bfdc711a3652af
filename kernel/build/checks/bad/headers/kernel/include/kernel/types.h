#pragma once
#include <stdint.h>
static inline int fine(uint8_t x) { return x; }
