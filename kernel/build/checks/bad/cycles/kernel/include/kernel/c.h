#include <kernel/a.h>
#include <kernel/d.h>
