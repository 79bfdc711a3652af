/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the files of plat/xen share. A guest is of one CPU here, and fully virtualized (PVH): it has its page tables and
 * traps to itself, and no emulated devices.
 */
#pragma once

#include "abi.h"

struct boot_info;

/* hypercall.S: Xen fills it, 32 bytes a hypercall. */
extern char hypercall_page[];

/* 0 or more, or a negative errno of Linux's numbers. Any context. */
static ALWAYS_INLINE long hypercall2(unsigned number, uint64_t a, uint64_t b)
{
	long result;

	__asm__ volatile("call *%[entry]"
			 : "=a"(result), "+D"(a), "+S"(b)
			 : [entry] "r"(hypercall_page + 32 * number)
			 : "memory", "rdx", "r8", "r9", "r10", "r11", "cc");
	return result;
}

/* The same; and what is in r8 to r11 behind it. */
static ALWAYS_INLINE long hypercall2_words(unsigned number, uint64_t a, uint64_t b, uint64_t words[4])
{
	register uint64_t w0 __asm__("r8") = 0;
	register uint64_t w1 __asm__("r9") = 0;
	register uint64_t w2 __asm__("r10") = 0;
	register uint64_t w3 __asm__("r11") = 0;
	long result;

	__asm__ volatile("call *%[entry]"
			 : "=a"(result), "+D"(a), "+S"(b), "+r"(w0), "+r"(w1), "+r"(w2), "+r"(w3)
			 : [entry] "r"(hypercall_page + 32 * number)
			 : "memory", "rdx", "cc");
	words[0] = w0;
	words[1] = w1;
	words[2] = w2;
	words[3] = w3;
	return result;
}

static ALWAYS_INLINE long hypercall3(unsigned number, uint64_t a, uint64_t b, uint64_t c)
{
	long result;

	__asm__ volatile("call *%[entry]"
			 : "=a"(result), "+D"(a), "+S"(b), "+d"(c)
			 : [entry] "r"(hypercall_page + 32 * number)
			 : "memory", "r8", "r9", "r10", "r11", "cc");
	return result;
}

/* xen.c: true once hypercalls can be made; the first call makes it so. */
bool xen_is_ready(void);
/* One of HVM_PARAM_*; 0: Xen does not tell. */
uint64_t xen_param(uint32_t index);
/* Has something of Xen's take the place of one of our pages. */
int xen_add_to_physmap(uint32_t space, uint64_t idx, phys_t at);
/* What Xen keeps for us to look at; a page of zeros before xen_init(). */
extern struct shared_info *const shared_info;
/* The first CPU's. */
static ALWAYS_INLINE struct vcpu_info *xen_vcpu(void)
{
	return &shared_info->vcpu_info[0];
}
/* A page that the toolstack gave us, by its number; NULL without memory for tables. */
void *xen_map_frame(uint64_t pfn);

/* clock.c */
void xen_clock_init(void);
/* In a copy of the machine, where Xen's clock is another one: goes on at that time. */
void xen_clock_go_on(uint64_t ns);
uint64_t xen_clock_ns(void);
uint64_t xen_clock_boot_time_ns(void);
/* Now, as Xen counts; leaves no trace in memory: a leaf, so that it has no shadow stack either. */
uint64_t xen_clock_system_ns(void);
/* The same moment as Xen counts. */
uint64_t xen_clock_to_system(uint64_t ns);

/* word_wait.c: see struct platform. Changes nothing but its own stack. */
void xen_word_wait(const uint32_t *word, uint32_t value, unsigned times);

/* event.c: event channels, which stand for lines (see struct platform): a line's number is the channel's port. */
/* Once, before anything is sealed. */
void event_vectors_init(void);
/* Again in a copy of the machine, which has no channels. */
int event_init(void);
void event_timer_arm(uint64_t deadline_ns);
void event_wait(void);
int event_line(unsigned irq, unsigned port);
void event_line_off(unsigned port);
void event_send(uint32_t port);
void event_close(uint32_t port);
/* A new channel that the other domain may bind to. 0 or a negative errno. */
int event_alloc(uint16_t domain, uint32_t *port);
/* Sleeps until the port has an event, or for that long. Not bound to a line. Any context. */
void event_poll(uint32_t port, uint64_t timeout_ns);

/* grant.c, host.c (option XEN): what drivers need, see kernel/xen.h. */
struct xen_host;
const struct xen_host *xen_find_host(void);
int grant_init(void);
/* In a copy of the machine, which has nothing granted: before anybody grants again. 0 or a negative errno. */
int grant_in_copy(void);
int xen_host_in_copy(void);
int grant_page(const struct xen_host *host, uint16_t domain, phys_t page, bool read_only, uint32_t *ref);
int grant_end(const struct xen_host *host, uint32_t ref);

/* console.c */
void xen_log_write(const char *text, size_t len);
void xen_console_write(const char *text, size_t len);
ssize_t xen_console_read(char *text, size_t len);
/* The exit status, for the runner; and waits until all has left. */
void xen_console_end(int status);
void xen_console_flush(void);
/* In a copy of the machine, whose rings are new. */
void xen_console_in_copy(void);
