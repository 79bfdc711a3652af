#include <kernel/page.h>
#include <stdio.h>
#include <fuzz/abi/channel.h>
