#pragma once
struct lone { uint99_t x; };
