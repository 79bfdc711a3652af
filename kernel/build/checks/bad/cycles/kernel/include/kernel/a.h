#include <kernel/b.h>
