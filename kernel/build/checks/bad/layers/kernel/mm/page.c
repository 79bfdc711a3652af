#include <plat/pc/acpi.h>
#include <stdio.h>
#include <fuzz/abi/channel.h>
#include <kernel/page.h>
#include "mm_internal.h"
