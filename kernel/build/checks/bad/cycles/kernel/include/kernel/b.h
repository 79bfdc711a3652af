#include <kernel/c.h>
