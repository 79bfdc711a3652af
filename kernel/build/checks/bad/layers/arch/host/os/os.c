#include <kernel/page.h>
#include <unistd.h>
