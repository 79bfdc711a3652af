#include <plat/pc/acpi.h>
