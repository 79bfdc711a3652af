#include <kernel/thread.h>
