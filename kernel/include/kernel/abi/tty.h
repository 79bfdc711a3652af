/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Terminal and common file ioctls, with Linux's numbers and layouts.
 */
#pragma once

#include <kernel/types.h>

#define TCGETS 0x5401u
#define TCSETS 0x5402u
#define TCSETSW 0x5403u
#define TCSETSF 0x5404u
#define TIOCGPGRP 0x540fu
#define TIOCSPGRP 0x5410u
#define TIOCGWINSZ 0x5413u
#define TIOCSWINSZ 0x5414u
#define FIONREAD 0x541bu
#define FIONBIO 0x5421u
#define FIONCLEX 0x5450u
#define FIOCLEX 0x5451u
#define FIOASYNC 0x5452u

#define TTY_CONTROL_CHARS 19

/* struct termios as the kernel has it (no speeds). */
struct abi_termios {
	uint32_t c_iflag, c_oflag, c_cflag, c_lflag;
	uint8_t c_line;
	uint8_t c_cc[TTY_CONTROL_CHARS];
};

struct abi_winsize {
	uint16_t ws_row, ws_col, ws_xpixel, ws_ypixel;
};

#define ICRNL 0000400u
#define IXON 0002000u
#define OPOST 0000001u
#define ONLCR 0000004u
#define CS8 0000060u
#define CREAD 0000200u
#define B38400 0000017u
#define ISIG 0000001u
#define ICANON 0000002u
#define ECHO 0000010u
#define ECHOE 0000020u
#define ECHOK 0000040u
#define ECHOCTL 0001000u
#define ECHOKE 0004000u
#define IEXTEN 0100000u
