/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What Xen and its guests have in common, as far as it is used here: numbers of hypercalls and the memory that is
 * shared, for a fully virtualized guest of 64 bits. The names are those of Xen's public headers (xen.h,
 * event_channel.h, grant_table.h, memory.h, sched.h, vcpu.h, hvm/params.h, io/console.h), where the meaning is told.
 */
#pragma once

#include <kernel/compiler.h>

#define XEN_CPUID_FIRST 0x40000000u
#define XEN_CPUID_LAST 0x40010000u
#define XEN_CPUID_STEP 0x100u

#define DOMID_SELF 0x7ff0u

/* Hypercalls. */
#define XEN_MEMORY_OP 12
#define XEN_GRANT_TABLE_OP 20
#define XEN_VCPU_OP 24
#define XEN_SCHED_OP 29
#define XEN_EVENT_CHANNEL_OP 32
#define XEN_HVM_OP 34

/* memory.h */
#define XENMEM_ADD_TO_PHYSMAP 7
#define XENMAPSPACE_SHARED_INFO 0
#define XENMAPSPACE_GRANT_TABLE 1
struct xen_add_to_physmap {
	uint16_t domid, size;
	uint32_t space;
	uint64_t idx, gpfn;
};

/* hvm/hvm_op.h, hvm/params.h */
#define HVMOP_SET_PARAM 0
#define HVMOP_GET_PARAM 1
#define HVM_PARAM_CALLBACK_IRQ 0
#define HVM_PARAM_STORE_PFN 1
#define HVM_PARAM_STORE_EVTCHN 2
#define HVM_PARAM_CONSOLE_PFN 17
#define HVM_PARAM_CONSOLE_EVTCHN 18
#define HVM_CALLBACK_VECTOR (UINT64_C(2) << 56) /* and the vector */
struct xen_hvm_param {
	uint16_t domid, pad;
	uint32_t index;
	uint64_t value;
};

/* sched.h */
#define SCHEDOP_YIELD 0
#define SCHEDOP_SHUTDOWN 2
#define SCHEDOP_POLL 3
#define SHUTDOWN_POWEROFF 0
#define SHUTDOWN_REBOOT 1
#define SHUTDOWN_SUSPEND 2
struct sched_shutdown {
	uint32_t reason;
};
struct sched_poll {
	uint32_t *ports;
	uint32_t nr_ports;
	uint64_t timeout; /* as vcpu_time_info counts, absolute; 0: none */
};

/* vcpu.h */
#define VCPUOP_SET_SINGLESHOT_TIMER 8
#define VCPUOP_STOP_SINGLESHOT_TIMER 9
struct vcpu_set_singleshot_timer {
	uint64_t timeout_abs_ns;
	uint32_t flags;
};

/* event_channel.h */
#define EVTCHNOP_BIND_VIRQ 1
#define EVTCHNOP_CLOSE 3
#define EVTCHNOP_SEND 4
#define EVTCHNOP_ALLOC_UNBOUND 6
#define EVTCHNOP_UNMASK 9
#define VIRQ_TIMER 0
struct evtchn_bind_virq {
	uint32_t virq, vcpu, port;
};
struct evtchn_port {
	uint32_t port;
};
struct evtchn_alloc_unbound {
	uint16_t dom, remote_dom;
	uint32_t port;
};

/* grant_table.h, version 1 */
#define GTF_PERMIT_ACCESS 1u
#define GTF_READONLY 4u
#define GTF_READING 8u
#define GTF_WRITING 16u
struct grant_entry_v1 {
	uint16_t flags, domid;
	uint32_t frame;
};

/* xen.h: one page */
#define EVTCHN_WORDS 64
#define EVTCHN_PORTS (EVTCHN_WORDS * 64)
#define XEN_LEGACY_MAX_VCPUS 32

struct vcpu_time_info {
	uint32_t version, pad0; /* odd: it is being changed */
	uint64_t tsc_timestamp, system_time;
	uint32_t tsc_to_system_mul;
	int8_t tsc_shift;
	uint8_t flags, pad1[2];
};

struct vcpu_info {
	uint8_t evtchn_upcall_pending, evtchn_upcall_mask;
	uint64_t evtchn_pending_sel;
	uint64_t arch[2];
	struct vcpu_time_info time;
};

struct shared_info {
	struct vcpu_info vcpu_info[XEN_LEGACY_MAX_VCPUS];
	uint64_t evtchn_pending[EVTCHN_WORDS], evtchn_mask[EVTCHN_WORDS];
	uint32_t wc_version, wc_sec, wc_nsec, wc_sec_hi; /* the time of day when system_time was 0 */
};
_Static_assert(sizeof(struct vcpu_info) == 64 && offsetof(struct vcpu_info, time) == 32, "as Xen has it");
_Static_assert(offsetof(struct shared_info, wc_version) == 3072, "as Xen has it");

/* io/console.h */
#define XENCONS_IN 1024u
#define XENCONS_OUT 2048u
struct xencons_interface {
	char in[XENCONS_IN], out[XENCONS_OUT];
	uint32_t in_cons, in_prod, out_cons, out_prod;
};
